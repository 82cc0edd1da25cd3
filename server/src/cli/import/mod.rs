//! Shared by `user import` and `session import`: reads a file row by row, sends it in batches, and reports each refused
//! row by its line number. It never prints the contents of a row, which hold hashes and tokens.

mod csv;
mod input;
mod reading;
mod report;
mod rows;

use std::path::PathBuf;

use clap::Args;
use serde_json::{Map, Value};

use self::input::Input;
use self::reading::Reading;
use self::report::Report;
use self::rows::Row;
use super::ask::interrupts;
use super::context::Context;
use super::exit::{Exit, Failure, Outcome};
use super::progress::Bar;
use crate::env::Env;

/// The most rows in one batch: the limit of the server.
const BATCH_ROWS_MAX: usize = 1_000;
/// A batch is sent when it has this many bytes of rows.
const BATCH_BYTES: usize = 1 << 20;

#[derive(Args)]
pub(super) struct ImportArgs {
    /// CSV with a header, or JSON lines; - reads standard input
    #[arg(value_name = "FILE|-")]
    file: PathBuf,
    /// Check every row and report the result without writing anything
    #[arg(long)]
    dry_run: bool,
    /// Skip rows that exist already instead of refusing them; use it to resume an interrupted import
    #[arg(long)]
    skip_existing: bool,
    /// Write refused lines, with the reason, to this file
    #[arg(long, value_name = "FILE")]
    refused: Option<PathBuf>,
}

/// A kind of import.
pub(super) struct Kind {
    /// What a row holds, in the plural: also the name of the rows in a batch.
    pub what: &'static str,
    /// The path of the call for a batch, without `dry_run`.
    pub path: &'static str,
    /// The columns that a row may have.
    pub columns: &'static [Column],
    /// Other members of each batch.
    pub beside: Map<String, Value>,
}

/// A column of a CSV file, and the type of its cells.
pub(super) struct Column(pub &'static str, pub Meaning);

/// The type of a CSV cell. An empty cell is left out.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Meaning {
    /// Text.
    Text,
    /// `true`/`false`, `1`/`0` or `t`/`f`, as databases write it.
    Flag,
    /// A JSON object.
    Object,
    /// A number of seconds.
    Secs,
    /// A time: a whole number, or else text.
    Time,
}

/// Imports a file.
///
/// # Errors
/// `Partly` if a row was refused; the server's; the file's.
pub(super) async fn import(context: &mut Context, source: ImportArgs, mut kind: Kind) -> Outcome {
    let input = Input::open(&source.file)?;
    if let Some(refused) = &source.refused {
        input.must_not_be(refused)?;
    }
    prepare(context, &mut kind).await?;
    let mut report = Report::new(kind.what, &source)?;
    let env = Env::system();
    let mut bar = Bar::new(&env, "importing");
    let mut interrupt = interrupts()?;
    let outcome = tokio::select! {
        outcome = transfer(context, &source, kind, input, &mut report, &mut bar) => outcome,
        _ = interrupt.recv() => Err(Failure::new(Exit::Interrupted, "interrupted")),
    };
    bar.clear();
    outcome.map_err(|failure| report.broken_off(&failure))?;
    report.end(&mut context.out)
}

/// Sends an empty dry run before any row is read, so that an error that concerns all rows is reported once. The
/// response has the position of the log before the import.
async fn prepare(context: &mut Context, kind: &mut Kind) -> Outcome<()> {
    let none: [&str; 0] = [];
    let answer = context.remote.post_text(&format!("{}?dry_run=1", kind.path), kind.body(&none)).await?;
    kind.keep_since(&answer);
    Ok(())
}

async fn transfer(
    context: &mut Context,
    source: &ImportArgs,
    mut kind: Kind,
    input: Input,
    report: &mut Report,
    bar: &mut Bar<'_>,
) -> Outcome<()> {
    let total = input.bytes;
    let mut reading = Reading::start(input, kind.columns)?;
    let mut batch = Vec::new();
    let mut bytes = 0;
    loop {
        let row = reading.next().await?;
        let ended = row.is_none();
        match row {
            Some(Row { line, json: Ok(json) }) => {
                bytes += json.len();
                batch.push((line, json));
            }
            Some(Row { line, json: Err(reason) }) => report.refused(line, &reason)?,
            None => {}
        }
        if batch.len() == BATCH_ROWS_MAX || bytes >= BATCH_BYTES || ended && !batch.is_empty() {
            bar.clear();
            send(context, &mut kind, source.dry_run, report, std::mem::take(&mut batch)).await?;
            bytes = 0;
            bar.show(reading.bytes(), total);
        }
        if ended {
            return Ok(());
        }
    }
}

async fn send(
    context: &mut Context,
    kind: &mut Kind,
    dry_run: bool,
    report: &mut Report,
    batch: Vec<(u64, String)>,
) -> Outcome<()> {
    let rows: Vec<&str> = batch.iter().map(|(_, json)| json.as_str()).collect();
    let body = kind.body(&rows);
    let path = if dry_run { format!("{}?dry_run=1", kind.path) } else { kind.path.to_owned() };
    report.begins();
    let answer = context.remote.post_text(&path, body).await?;
    let results = answer["results"].as_array().filter(|results| results.len() == batch.len());
    let results = results.ok_or_else(|| {
        Failure::new(
            Exit::Failed,
            "the server's response does not have a result for each row; is it of this version?",
        )
    })?;
    kind.keep_since(&answer);
    for ((line, _), result) in batch.iter().zip(results) {
        report.outcome(*line, result)?;
    }
    Ok(())
}

impl Kind {
    /// The body for a batch of rows, each of them JSON.
    fn body(&self, rows: &[&str]) -> String {
        let mut body = format!("{{\"{}\":[{}]", self.what, rows.join(","));
        for (name, value) in &self.beside {
            body += &format!(",{}:{value}", Value::from(name.as_str()));
        }
        body.push('}');
        body
    }

    /// Sets `since` for later batches: sessions that were ended here after that position stay ended.
    fn keep_since(&mut self, answer: &Value) {
        if let Some(position) = answer["position"].as_str() {
            self.beside.insert("since".to_owned(), position.into());
        }
    }
}
