//! The table, on the screen and in `docs/performance.md`.

use std::fs;
use std::path::Path;

use anyhow::{Context, Result};

use crate::clock;

/// The part of the document between these lines is generated; the rest is written by hand.
const BEGIN: &str = "<!-- figures: written by cargo xtask bench -->";
const END: &str = "<!-- end of figures -->";
const DOCUMENT: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../docs/performance.md");

/// One figure.
pub(crate) struct Row {
    pub(crate) what: &'static str,
    pub(crate) ours: String,
    pub(crate) reference: String,
    /// The ratio of ours to the reference, or the figure itself if the target is absolute.
    pub(crate) ratio: String,
    pub(crate) target: &'static str,
    /// Whether the target is met; `None` if it has no bound.
    pub(crate) met: Option<bool>,
    /// The generator's share of one core, for ours and for the reference.
    pub(crate) load: String,
}

/// All figures of one run.
pub(crate) struct Report {
    machine: String,
    date: Option<String>,
    rows: Vec<Row>,
}

impl Report {
    pub(crate) fn new(machine: String, date: Option<String>) -> Self {
        Self { machine, date, rows: Vec::new() }
    }

    pub(crate) fn add(&mut self, rows: Vec<Row>) {
        self.rows.extend(rows);
    }

    /// The machine, the date, and the table.
    pub(crate) fn table(&self) -> String {
        let mut text = format!("Measured on {}: {}.\n\n", self.date(), self.machine);
        text.push_str("| what | Exeunt | reference | ratio | target | met | generator |\n");
        text.push_str("|---|---|---|---|---|---|---|\n");
        for row in &self.rows {
            let met = row.met.map_or("no bound", |met| if met { "yes" } else { "**no**" });
            let Row { what, ours, reference, ratio, target, load, .. } = row;
            text.push_str(&format!(
                "| {what} | {ours} | {reference} | {ratio} | {target} | {met} | {load} |\n"
            ));
        }
        text
    }

    /// Writes the table into the document.
    pub(crate) fn write(&self) -> Result<()> {
        let path = Path::new(DOCUMENT);
        let text = fs::read_to_string(path).with_context(|| path.display().to_string())?;
        let (before, rest) = text.split_once(BEGIN).context("the document has no place for figures")?;
        let (_, after) = rest.split_once(END).context("the figures in the document have no end")?;
        Ok(fs::write(path, format!("{before}{BEGIN}\n\n{}\n{END}{after}", self.table()))?)
    }

    fn date(&self) -> String {
        let today = || {
            let secs = i64::try_from(clock::wall().as_secs()).unwrap_or_default();
            jiff::Timestamp::from_second(secs).unwrap_or_default().strftime("%Y-%m-%d").to_string()
        };
        self.date.clone().unwrap_or_else(today)
    }
}

/// Formats a rate per second, in thousands if it is large.
pub(crate) fn per_sec(rate: f64) -> String {
    if rate >= 1e4 { format!("{:.1} k/s", rate / 1e3) } else { format!("{rate:.0} /s") }
}

/// Formats a time given in microseconds.
pub(crate) fn time(micros: f64) -> String {
    if micros >= 1e3 { format!("{:.2} ms", micros / 1e3) } else { format!("{micros:.0} µs") }
}

/// Formats a share of one core.
pub(crate) fn share(part: f64) -> String {
    format!("{:.0} %", part * 100.0)
}
