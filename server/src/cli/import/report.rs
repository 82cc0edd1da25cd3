//! Reports the outcome of an import: counts the rows, and prints each refused one with its line number.

use std::fs::File;
use std::io::{BufWriter, Write};

use serde_json::{Value, json};

use super::ImportArgs;
use crate::cli::exit::{Exit, Failure, Outcome};
use crate::cli::print::{Out, printable, say};

/// The most refused rows that are printed on standard error if a file receives all of them.
const TOLD_MAX: u64 = 20;

pub(super) struct Report {
    what: &'static str,
    dry_run: bool,
    skip_existing: bool,
    file: Option<BufWriter<File>>,
    made: u64,
    there: u64,
    refused: u64,
    last_line: u64,
    begun: bool,
}

impl Report {
    pub(super) fn new(what: &'static str, source: &ImportArgs) -> Outcome<Self> {
        let failed =
            |error| Failure::new(Exit::Failed, format!("cannot create the file of --refused: {error}"));
        let file = source.refused.as_ref().map(File::create).transpose().map_err(failed)?;
        Ok(Self {
            what,
            dry_run: source.dry_run,
            skip_existing: source.skip_existing,
            file: file.map(BufWriter::new),
            made: 0,
            there: 0,
            refused: 0,
            last_line: 0,
            begun: false,
        })
    }

    /// Counts the server's result for a row, and reports a refused one.
    pub(super) fn outcome(&mut self, line: u64, result: &Value) -> Outcome<()> {
        self.last_line = line;
        match result["outcome"].as_str() {
            Some("made") => self.made += 1,
            Some("there") if self.skip_existing => self.there += 1,
            Some("there") => {
                self.there += 1;
                self.told(line, "it exists already (--skip-existing skips it)")?;
            }
            _ => self.refused(line, result["detail"].as_str().unwrap_or("refused"))?,
        }
        Ok(())
    }

    /// Counts and reports a refused row.
    pub(super) fn refused(&mut self, line: u64, reason: &str) -> Outcome<()> {
        self.refused += 1;
        self.told(line, reason)
    }

    /// Notes that a batch is about to be sent: from now on something may have been written.
    pub(super) fn begins(&mut self) {
        self.begun = true;
    }

    /// Ends an import that broke off: writes the file of refused rows, and adds to the message how to continue.
    pub(super) fn broken_off(&mut self, failure: &Failure) -> Failure {
        let exit = failure.exit;
        let mut text = failure.to_string();
        if self.begun && !self.dry_run && !text.is_empty() {
            let stop = if text.ends_with(['.', '?', '!']) { "" } else { "." };
            let done = match self.last_line {
                0 => "No line is known to be processed".to_owned(),
                line => format!("The file is processed up to line {line}"),
            };
            text = format!("{text}{stop} {done}; to continue, run the same command with --skip-existing.");
        }
        if let Some(Err(error)) = self.file.as_mut().map(Write::flush) {
            text = format!("{text} (the file of --refused is incomplete: {error})");
        }
        Failure::new(exit, text)
    }

    /// Prints the totals.
    pub(super) fn end(mut self, out: &mut Out) -> Outcome {
        if let Some(file) = &mut self.file {
            file.flush()?;
        }
        let Self { what, made, there, refused, .. } = self;
        if out.is_json() {
            let sum = json!({ "made": made, "there": there, "refused": refused, "dry_run": self.dry_run });
            out.json(&sum)?;
        } else {
            let would = if self.dry_run { "would be " } else { "" };
            out.line(&format!("{made} {what} {would}imported, {there} already existed, {refused} refused"))?;
        }
        let partly = refused > 0 || there > 0 && !self.skip_existing;
        Ok(if partly { Exit::Partly } else { Exit::Done })
    }

    fn told(&mut self, line: u64, reason: &str) -> Outcome<()> {
        let text = format!("line {line}: {reason}");
        let so_far = self.refused + if self.skip_existing { 0 } else { self.there };
        match &mut self.file {
            Some(file) => {
                writeln!(file, "{}", printable(&text))?;
                if so_far == TOLD_MAX + 1 {
                    say("more rows were refused; see the file of --refused");
                }
                if so_far <= TOLD_MAX {
                    say(&text);
                }
            }
            None => say(&text),
        }
        Ok(())
    }
}
