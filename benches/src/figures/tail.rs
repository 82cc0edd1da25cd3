//! The slowest checks at a fixed rate: on an idle server, and during everything that could delay them.

use std::thread;
use std::time::Duration;

use anyhow::{Result, anyhow, ensure};

use super::{Victims, check_form, flat_out, logout_form};
use crate::exeunt::{Exeunt, bearer};
use crate::http::{Form, Line};
use crate::load::{self, Load, Plan, Script};
use crate::report::{Row, share, time};
use crate::seed::LOGIN;
use crate::stats::{median, quantile_micros};
use crate::steady::{Offer, offer};
use crate::{Bench, clock};

/// Checks a second.
const RATE: u32 = 5_000;
/// How long checks are offered, and how long the other load runs before and after them.
pub(super) const LASTING: Duration = Duration::from_secs(2);
pub(super) const AROUND: Duration = Duration::from_millis(200);
/// With fewer responses than this, the other load was too small to matter.
const LEAST: usize = 20;
/// How long the capacity of logouts is measured.
const CAPACITY_SECS: f64 = 1.0;
/// The bound: a multiple of the idle value, or microseconds, whichever is more.
const TIMES_MAX: f64 = 3.0;
const MICROS_MAX: f64 = 2_000.0;

/// Per round: the p99 in microseconds, and the generator's share.
#[derive(Default)]
pub(super) struct Series {
    p99: Vec<f64>,
    shares: Vec<f64>,
}

pub(super) fn figure(bench: &Bench) -> Result<Vec<Row>> {
    let mut tails = Tails::default();
    for _ in 0..bench.rounds {
        tails.round(bench)?;
    }
    tails.sweep(bench)?;
    let Tails { idle, logouts, logins, flight, sweep } = tails;
    let bound = |what, series: &Series| series.row(what, Some(&idle));
    Ok(vec![
        idle.row("p99 of 5,000 checks a second: idle", None),
        bound("p99 beside logouts at half their capacity", &logouts),
        bound("p99 beside logins that saturate the password pool", &logins),
        bound("p99 during a sweep that forgets", &sweep),
        Row { met: None, target: "reported", ..bound("p99 beside 64 logouts always in flight", &flight) },
    ])
}

/// The series, by the other load.
#[derive(Default)]
struct Tails {
    idle: Series,
    logouts: Series,
    logins: Series,
    flight: Series,
    sweep: Series,
}

impl Tails {
    /// Measures one round on its own store: a few rounds on one store would log out all its sessions.
    fn round(&mut self, bench: &Bench) -> Result<()> {
        let server = Exeunt::start(&bench.store()?, None, &[])?;
        let (mut victims, ending) = (Victims::of(&bench.seed.ids), logout_form());
        let unlimited = &mut ending.with(victims.some(usize::MAX));
        let capacity = load::run(&flat_out(&server, CAPACITY_SECS), unlimited)?;
        let form_type = "Content-Type: application/x-www-form-urlencoded\r\n";
        let login = Form::new("POST /session/login", form_type, LOGIN, 0, "SUCCESS");
        let plan = Plan { lasting: LASTING + 2 * AROUND, ..flat_out(&server, 0.0) };
        let paced = Plan { rate: Some(capacity.per_sec() / 2.0), ..plan };
        self.idle.take(bench, &server)?;
        self.logouts.beside(bench, &server, &paced, unlimited)?;
        self.logins.beside(bench, &server, &plan, &mut login.with(std::iter::repeat("")))?;
        self.flight.beside(bench, &server, &plan, unlimited)?;
        server.stop()
    }

    /// Measures during a sweep. The sessions that it reaches first are logged out before, so that it deletes them.
    fn sweep(&mut self, bench: &Bench) -> Result<()> {
        let store = bench.store()?;
        let server = Exeunt::start(&store, None, &[])?;
        let mut line = Line::open(server.address)?;
        let everywhere = Form::new("DELETE /v1/users/{}/sessions", &bearer(), "", 0, "\"found_alive\":true");
        for number in 0..bench.seed.crowds.len() {
            line.ask(&everywhere, bench.seed.crowds.get(number))?;
        }
        server.stop()?;
        let server = Exeunt::start(&store, None, &[("EXEUNT_RETENTION__DEAD_HOURS", "0")])?;
        for _ in 0..bench.rounds {
            self.sweep.take(bench, &server)?;
        }
        server.stop()
    }
}

impl Series {
    pub(super) fn take(&mut self, bench: &Bench, server: &Exeunt) -> Result<()> {
        let form = check_form(&bench.seed.tokens);
        let texts = &bench.seed.survivors;
        let what = Offer { address: server.address, form: &form, texts, per_sec: RATE, lasting: LASTING };
        let (mut times, used) = offer(what)?;
        self.p99.push(quantile_micros(&mut times, 0.99));
        self.shares.push(used);
        Ok(())
    }

    /// Measures checks while the script `other` runs.
    pub(super) fn beside(
        &mut self,
        bench: &Bench,
        server: &Exeunt,
        plan: &Plan,
        other: &mut (impl Script + Send),
    ) -> Result<()> {
        let load: Load = thread::scope(|scope| {
            let other = scope.spawn(|| load::run(plan, other));
            clock::wait(AROUND);
            let taken = self.take(bench, server);
            let load = other.join().map_err(|_| anyhow!("the generator panicked"))??;
            taken.map(|()| load)
        })?;
        ensure!(load.wall >= LASTING + AROUND, "what stood beside the checks ended too soon");
        ensure!(load.times.len() >= LEAST, "next to nothing stood beside the checks");
        Ok(())
    }

    pub(super) fn row(&self, what: &'static str, idle: Option<&Self>) -> Row {
        let p99 = median(&self.p99);
        let reference = idle.map(|idle| median(&idle.p99));
        let bound = reference.map(|idle| (TIMES_MAX * idle).max(MICROS_MAX));
        Row {
            what,
            ours: time(p99),
            reference: reference.map_or("–".to_owned(), |idle| format!("idle: {}", time(idle))),
            ratio: reference.map_or("–".to_owned(), |idle| format!("{:.1}", p99 / idle)),
            target: if idle.is_some() { "≤ 3 × idle or 2 ms" } else { "the reference" },
            met: bound.map(|bound| p99 <= bound),
            load: share(median(&self.shares)),
        }
    }
}
