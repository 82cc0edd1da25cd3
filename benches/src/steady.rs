//! An open loop: requests are due at fixed times, whether or not earlier ones were answered, and each is timed from
//! when it was due. So a server that stalls is charged for every request that waited.

use std::net::SocketAddr;
use std::thread;
use std::time::{Duration, Instant};

use anyhow::{Result, anyhow};

use crate::clock;
use crate::http::{Form, Line};
use crate::texts::Texts;

/// Connections that share the rate: a response is in time if it comes within this many request intervals.
const CONNECTIONS: usize = 32;
/// From the start of the threads to the first request.
const HEAD_START: Duration = Duration::from_millis(50);

/// The load to offer.
#[derive(Clone, Copy)]
pub(crate) struct Offer<'a> {
    pub(crate) address: SocketAddr,
    pub(crate) form: &'a Form,
    pub(crate) texts: &'a Texts,
    pub(crate) per_sec: u32,
    pub(crate) lasting: Duration,
}

/// Offers the load. Returns the time of each response, and the generator's share of one core.
pub(crate) fn offer(what: Offer<'_>) -> Result<(Vec<Duration>, f64)> {
    let start = clock::now() + HEAD_START;
    let mut all = Vec::new();
    let mut cpu = Duration::ZERO;
    thread::scope(|scope| {
        let threads: Vec<_> =
            (0..CONNECTIONS).map(|number| scope.spawn(move || connection(what, number, start))).collect();
        for thread in threads {
            let (times, used) = thread.join().map_err(|_| anyhow!("a connection panicked"))??;
            all.extend(times);
            cpu += used;
        }
        anyhow::Ok(())
    })?;
    Ok((all, cpu.as_secs_f64() / what.lasting.as_secs_f64()))
}

/// Sends every `CONNECTIONS`-th request, from `number` on.
fn connection(what: Offer<'_>, number: usize, start: Instant) -> Result<(Vec<Duration>, Duration)> {
    let mut line = Line::open(what.address)?;
    let count = (what.lasting.as_secs_f64() * f64::from(what.per_sec)) as usize;
    let mut times = Vec::with_capacity(count / CONNECTIONS + 1);
    for place in (number..count).step_by(CONNECTIONS) {
        let meant = start + Duration::from_secs_f64(place as f64 / f64::from(what.per_sec));
        clock::wait_until(meant);
        line.ask(what.form, what.texts.get(place * 7_919 % what.texts.len()))?;
        times.push(clock::now() - meant);
    }
    Ok((times, clock::thread_cpu()))
}
