//! Checks while the disk is full and logouts are tried all the time; then the first logout once the disk has room.

use anyhow::{Context, Result};

use super::tail::{AROUND, LASTING, Series};
use super::{Victims, flat_out, logout_form};
use crate::Bench;
use crate::exeunt::Exeunt;
use crate::http::{Line, Refused};
use crate::load::Plan;
use crate::report::Row;

/// Logouts that are in flight at any time.
const IN_FLIGHT: usize = 8;
/// The file size limit that simulates a full disk, in bytes: all files of the store are larger.
const NOTHING: u64 = 1;

pub(super) fn figure(bench: &Bench) -> Result<Vec<Row>> {
    let (mut idle, mut full) = (Series::default(), Series::default());
    let server = Exeunt::start(&bench.store()?, None, &[])?;
    let (mut victims, ending) = (Victims::of(&bench.seed.ids), logout_form());
    let mut line = Line::open(server.address)?;
    for _ in 0..bench.rounds {
        idle.take(bench, &server)?;
        server.program.limit_files(Some(NOTHING))?;
        let plan = Plan { connections: IN_FLIGHT, lasting: LASTING + 2 * AROUND, ..flat_out(&server, 0.0) };
        let ids = &bench.seed.ids;
        let texts = (0..ids.len()).rev().cycle().map(|number| ids.get(number));
        full.beside(bench, &server, &plan, &mut Refused { form: &ending, texts })?;
        server.program.limit_files(None)?;
        // All sessions whose logout was refused are alive, and the first logout succeeds.
        line.ask(&ending, victims.next().context("there were not enough sessions to log out")?)?;
    }
    server.stop()?;
    Ok(vec![
        idle.row("p99 of 5,000 checks a second, before the disk is full", None),
        full.row("p99 beside a full disk, with logouts tried all the time", Some(&idle)),
    ])
}
