//! A million live sessions: the memory for each, and the time until a server that starts with them is ready.

use anyhow::Result;

use crate::Bench;
use crate::exeunt::{self, Exeunt};
use crate::report::Row;
use crate::seed::SESSIONS;
use crate::stats::median;

const BYTES_MAX: f64 = 400.0;
const START_SECS_MAX: f64 = 3.0;

pub(super) fn figure(bench: &Bench) -> Result<Vec<Row>> {
    let (mut bytes, mut starts, mut empty_starts) = (Vec::new(), Vec::new(), Vec::new());
    let full = bench.store()?;
    let empty = bench.folder.join("empty.db");
    for _ in 0..bench.rounds {
        let alone = Exeunt::start(&empty, None, &[])?;
        let before = alone.program.memory_bytes()?;
        empty_starts.push(alone.start.as_secs_f64());
        alone.stop()?;
        let server = Exeunt::start(&full, None, &[])?;
        bytes.push((server.program.memory_bytes()?.saturating_sub(before)) as f64 / SESSIONS as f64);
        starts.push(server.start.as_secs_f64());
        server.stop()?;
    }
    exeunt::remove(&empty)?;
    let (bytes, start) = (median(&bytes), median(&starts));
    Ok(vec![
        Row {
            what: "memory of each of 1,000,000 live sessions, all told",
            ours: format!("{bytes:.0} B"),
            reference: "the same server without any".to_owned(),
            ratio: format!("{bytes:.0} B"),
            target: "≤ 400 B",
            met: Some(bytes <= BYTES_MAX),
            load: "–".to_owned(),
        },
        Row {
            what: "from start to ready with 1,000,000 sessions",
            ours: format!("{start:.2} s"),
            reference: format!("without any: {:.2} s", median(&empty_starts)),
            ratio: format!("{start:.2} s"),
            target: "≤ 3 s",
            met: Some(start <= START_SECS_MAX),
            load: "–".to_owned(),
        },
    ])
}
