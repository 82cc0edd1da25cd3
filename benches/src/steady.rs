//! An open loop: requests leave at fixed moments, whether or not earlier ones are answered, and each is timed from the
//! moment at which it was meant to leave. So a server that stops for a while is charged for all that waited.

use std::net::SocketAddr;
use std::thread;
use std::time::{Duration, Instant};

use anyhow::{Result, anyhow};

use crate::clock;
use crate::http::{Form, Line};
use crate::texts::Texts;

/// Connections that share the rate: each has as long as so many requests take to be answered in time.
const CONNECTIONS: usize = 32;
/// From the start of the threads to the first request.
const HEAD_START: Duration = Duration::from_millis(50);

/// What is offered.
#[derive(Clone, Copy)]
pub(crate) struct Offer<'a> {
    pub(crate) address: SocketAddr,
    pub(crate) form: &'a Form,
    pub(crate) texts: &'a Texts,
    pub(crate) per_sec: u32,
    pub(crate) lasting: Duration,
}

/// Offers it: the time of each answer, and the generator's share of one core.
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

/// Its share of the requests: each `CONNECTIONS`-th.
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
