//! Logouts while a user logs in who is at its session limit, so that each login ends another session; compared with
//! logouts while a user below its limit logs in.

use std::thread;
use std::time::Duration;

use anyhow::{Context, Result, anyhow, ensure};

use super::{Victims, flat_out, logout_form};
use crate::exeunt::{Exeunt, bearer};
use crate::http::{Form, Line};
use crate::load::{self, Load, Plan};
use crate::report::{Row, per_sec, share};
use crate::stats::{median, quantile_micros};
use crate::{Bench, clock};

/// Logins a second, and the connections for them.
const LOGINS_PER_SEC: f64 = 500.0;
const LOGIN_CONNECTIONS: usize = 16;
/// How long logouts are sent, and how long logins run before and after them.
const LASTING: Duration = Duration::from_secs(2);
const AROUND: Duration = Duration::from_millis(300);
/// Digits of a user's id.
const ID_BYTES: usize = 32;
/// The bounds: the p99 and the rate, as multiples of the reference.
const P99_MAX: f64 = 1.5;
const RATE_MIN: f64 = 0.8;

/// Per round: the p99 in microseconds, logouts a second, the generator's share.
#[derive(Default)]
struct Series {
    p99: Vec<f64>,
    rates: Vec<f64>,
    shares: Vec<f64>,
}

pub(super) fn figure(bench: &Bench) -> Result<Vec<Row>> {
    let crowds = &bench.seed.crowds;
    ensure!(crowds.len() > 1, "there are too few users with many sessions");
    let (full, empty) = (crowds.get(0), crowds.get(1));
    let (mut at_limit, mut below) = (Series::default(), Series::default());
    for round in 0..bench.rounds {
        // Each round has its own store: a few rounds on one store would log out all its sessions.
        let server = Exeunt::start(&bench.store()?, None, &[])?;
        let everywhere = Form::new("DELETE /v1/users/{}/sessions", &bearer(), "", 0, "\"found_alive\":true");
        Line::open(server.address)?.ask(&everywhere, empty)?;
        let mut victims = Victims::of(&bench.seed.ids);
        // The first of the two has a fresh store, so they take turns.
        if round.is_multiple_of(2) {
            below.take(&server, empty, &mut victims)?;
            at_limit.take(&server, full, &mut victims)?;
        } else {
            at_limit.take(&server, full, &mut victims)?;
            below.take(&server, empty, &mut victims)?;
        }
        server.stop()?;
    }
    let load = format!("{}, {}", share(median(&at_limit.shares)), share(median(&below.shares)));
    let (p99, reference) = (median(&at_limit.p99), median(&below.p99));
    let (rate, usual) = (median(&at_limit.rates), median(&below.rates));
    Ok(vec![
        Row {
            what: "logouts' p99 beside 500 logins a second of a user at its limit",
            ours: format!("{:.1} ms", p99 / 1e3),
            reference: format!("of one below it: {:.1} ms", reference / 1e3),
            ratio: format!("{:.2}", p99 / reference),
            target: "≤ 1.5",
            met: Some(p99 / reference <= P99_MAX),
            load: load.clone(),
        },
        Row {
            what: "logouts a second beside the same",
            ours: per_sec(rate),
            reference: format!("of one below it: {}", per_sec(usual)),
            ratio: format!("{:.2}", rate / usual),
            target: "≥ 0.8",
            met: Some(rate / usual >= RATE_MIN),
            load,
        },
    ])
}

impl Series {
    /// Measures logouts while this user logs in again and again.
    fn take(&mut self, server: &Exeunt, user: &str, victims: &mut Victims<'_>) -> Result<()> {
        let headers = format!("{}Content-Type: application/json\r\n", bearer());
        let login = Form::new("POST /v1/sessions", &headers, "{\"user\":\"{}\"}", ID_BYTES, "\"token\"");
        let plan = Plan {
            connections: LOGIN_CONNECTIONS,
            lasting: LASTING + 2 * AROUND,
            rate: Some(LOGINS_PER_SEC),
            ..flat_out(server, 0.0)
        };
        let (logins, mut logouts): (Load, Load) = thread::scope(|scope| {
            let logins = scope.spawn(|| load::run(&plan, &mut login.with(std::iter::repeat(user))));
            clock::wait(AROUND);
            let logouts = load::run(
                &flat_out(server, LASTING.as_secs_f64()),
                &mut logout_form().with(victims.some(usize::MAX)),
            );
            let logins = logins.join().map_err(|_| anyhow!("the generator panicked"))??;
            anyhow::Ok((logins, logouts.context("logouts")?))
        })?;
        ensure!(logins.times.len() >= 100, "next to nobody logged in beside the logouts");
        self.p99.push(quantile_micros(&mut logouts.times, 0.99));
        self.rates.push(logouts.per_sec());
        self.shares.push(logouts.share());
        Ok(())
    }
}
