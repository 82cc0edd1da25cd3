//! Checks over keep-alive HTTP, compared with hyper alone. The server runs on one core, the generator on the other.

use std::net::SocketAddr;

use anyhow::Result;

use super::{check_form, flat_out};
use crate::exeunt::Exeunt;
use crate::http::Form;
use crate::load::{self, Plan};
use crate::program::{LOAD_CORE, SERVER_CORE, stay_on};
use crate::report::{Row, per_sec, share};
use crate::stats::median;
use crate::texts::Texts;
use crate::{Bench, bare};

const SECS: f64 = 2.0;
const WARM_SECS: f64 = 0.5;
const CHECK_MIN: f64 = 0.85;
const PING_MIN: f64 = 0.70;

pub(super) fn figure(bench: &Bench) -> Result<Vec<Row>> {
    let server = Exeunt::start(&bench.store()?, Some(SERVER_CORE), &[])?;
    let (bare, address) = bare::start(&bench.folder, SERVER_CORE)?;
    let measured = std::thread::scope(|scope| {
        // A separate thread, because only this one is pinned to the core.
        scope.spawn(|| measure(bench, &server, address)).join()
    });
    let [hyper, check, ping] = measured.map_err(|_| anyhow::anyhow!("the generator panicked"))??;
    bare.stop()?;
    server.stop()?;
    Ok(vec![
        row(
            "`POST /v1/check` at 64 connections, among 1,000,000 sessions",
            &check,
            &hyper,
            "≥ 0.85",
            CHECK_MIN,
        ),
        row("Videntity `/session/ping` at 64 connections", &ping, &hyper, "≥ 0.70", PING_MIN),
    ])
}

/// Rates and the generator's shares, per round.
#[derive(Default)]
struct Series {
    rates: Vec<f64>,
    shares: Vec<f64>,
}

fn measure(bench: &Bench, server: &Exeunt, bare: SocketAddr) -> Result<[Series; 3]> {
    stay_on(LOAD_CORE)?;
    let (tokens, keys) = (&bench.seed.tokens, &bench.seed.keys);
    let form_type = "Content-Type: application/x-www-form-urlencoded\r\n";
    let check = check_form(tokens);
    let ping = Form::new("POST /session/ping", form_type, "session_key={}", keys.each(), "SUCCESS");
    let [mut hyper, mut checks, mut pings] = <[Series; 3]>::default();
    for round in 0..=bench.rounds {
        // The first round only warms up.
        let (plan, warm) = (flat_out(server, if round == 0 { WARM_SECS } else { SECS }), round == 0);
        hyper.take(&Plan { address: bare, ..plan }, &check, tokens, warm)?;
        checks.take(&plan, &check, tokens, warm)?;
        pings.take(&plan, &ping, keys, warm)?;
    }
    Ok([hyper, checks, pings])
}

impl Series {
    fn take(&mut self, plan: &Plan, form: &Form, texts: &Texts, warm: bool) -> Result<()> {
        let load = load::run(plan, &mut form.with(texts.shuffled()))?;
        if !warm {
            self.rates.push(load.per_sec());
            self.shares.push(load.share());
        }
        Ok(())
    }
}

fn row(what: &'static str, ours: &Series, hyper: &Series, target: &'static str, min: f64) -> Row {
    let (rate, reference) = (median(&ours.rates), median(&hyper.rates));
    let ratio = rate / reference;
    Row {
        what,
        ours: per_sec(rate),
        reference: format!("bare hyper: {}", per_sec(reference)),
        ratio: format!("{ratio:.2}"),
        target,
        met: Some(ratio >= min),
        load: format!("{}, {}", share(median(&ours.shares)), share(median(&hyper.shares))),
    }
}
