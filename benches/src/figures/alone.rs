//! Durable logouts over HTTP, one at a time, compared with synced appends to a plain file.

use anyhow::{Context, Result};

use super::{Victims, logout_form};
use crate::exeunt::Exeunt;
use crate::http::Line;
use crate::report::{Row, time};
use crate::stats::{median, quantile_micros};
use crate::{Bench, clock, journal};

/// Logouts and appends per round.
const COUNT: usize = 1_000;
const RATIO_MAX: f64 = 2.0;

pub(super) fn figure(bench: &Bench) -> Result<Vec<Row>> {
    let server = Exeunt::start(&bench.store()?, None, &[])?;
    let mut victims = Victims::of(&bench.seed.ids);
    let (mut ours, mut plain) = (Vec::new(), Vec::new());
    let mut line = Line::open(server.address)?;
    for _ in 0..bench.rounds {
        let mut appends = journal::appends(&bench.folder.join("append.log"), COUNT)?;
        plain.push(quantile_micros(&mut appends, 0.5));
        let mut times = Vec::with_capacity(COUNT);
        for _ in 0..COUNT {
            let id = victims.next().context("there were not enough sessions to log out")?;
            let began = clock::now();
            line.ask(&logout_form(), id)?;
            times.push(clock::now() - began);
        }
        ours.push(quantile_micros(&mut times, 0.5));
    }
    server.stop()?;
    let (ours, plain) = (median(&ours), median(&plain));
    Ok(vec![Row {
        what: "durable logouts over HTTP, one at a time, median",
        ours: time(ours),
        reference: format!("append + fdatasync: {}", time(plain)),
        ratio: format!("{:.2}", ours / plain),
        target: "≤ 2",
        met: Some(ours / plain <= RATIO_MAX),
        load: "–".to_owned(),
    }])
}
