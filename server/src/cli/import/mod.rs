//! What `user import` and `session import` share: a file is read row by row, sent in batches, and each row that is
//! refused is told with its line. Nothing of a row but its line is ever repeated: rows hold hashes and tokens.

mod csv;
mod report;
mod rows;

use std::fs::File;
use std::io::{BufReader, Read};
use std::path::PathBuf;

use clap::Args;
use serde_json::{Map, Value};

use self::report::Report;
use self::rows::{Row, Rows};
use super::desk::Desk;
use super::exit::{Exit, Failure, Outcome};
use super::progress::Bar;
use crate::env::Env;

/// Rows in one batch at most: what the server takes.
const BATCH_ROWS_MAX: usize = 1_000;
/// Bytes of rows in one batch, from which on it is sent.
const BATCH_BYTES: usize = 1 << 20;
/// Bytes that are read at once.
const READ_BYTES: usize = 256 << 10;

#[derive(Args)]
pub(super) struct From {
    /// CSV with a header, or JSON lines; - for the standard input
    #[arg(value_name = "FILE|-")]
    file: PathBuf,
    /// Look at every row and tell what would become of it; nothing is written
    #[arg(long)]
    dry_run: bool,
    /// Pass over what is there already instead of refusing it: so an import that was interrupted is gone on with
    #[arg(long)]
    skip_existing: bool,
    /// Write the lines that were refused, and why, to this file
    #[arg(long, value_name = "FILE")]
    refused: Option<PathBuf>,
}

/// What is imported.
pub(super) struct Kind {
    /// Of what there is one in each row, in the plural.
    pub what: &'static str,
    /// The call that takes a batch, without `dry_run`.
    pub path: &'static str,
    /// The columns that a row may have.
    pub columns: &'static [Column],
    /// What each batch says beside its rows, which are under the name `what`.
    pub beside: Map<String, Value>,
}

/// A column of a CSV file, and how its text is meant.
pub(super) struct Column(pub &'static str, pub Meaning);

/// How the text of a CSV cell is meant. An empty cell says nothing.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Meaning {
    /// As it is.
    Text,
    /// `true`/`false`, `1`/`0`, `t`/`f`: as databases write it.
    Flag,
    /// A JSON object.
    Object,
    /// A whole number.
    Number,
    /// A whole number, or else text: a time.
    Time,
}

/// Imports a file.
///
/// # Errors
/// `Partly` if a row was refused; what the server says; the file's.
pub(super) async fn import(desk: &mut Desk, from: From, mut kind: Kind) -> Outcome {
    let env = Env::system();
    let (input, total) = open(&from.file)?;
    let mut rows = Rows::new(BufReader::with_capacity(READ_BYTES, input), kind.columns);
    let mut report = Report::new(kind.what, &from)?;
    let mut bar = Bar::new(&env, "importing");
    let mut batch = Vec::new();
    let mut bytes = 0;
    loop {
        let row = rows.next()?;
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
            let sent = send(desk, &mut kind, from.dry_run, &mut report, std::mem::take(&mut batch)).await;
            sent.map_err(|failure| report.broken_off(&failure))?;
            bytes = 0;
            bar.show(rows.bytes(), total);
        }
        if ended {
            bar.clear();
            return report.end(&mut desk.out);
        }
    }
}

/// The input, and how many bytes it has, as far as that is known.
fn open(file: &PathBuf) -> Outcome<(Box<dyn Read>, u64)> {
    if file.as_os_str() == "-" {
        return Ok((Box::new(std::io::stdin()), 0));
    }
    let failed = |error| Failure::new(Exit::Failed, format!("{} cannot be read: {error}", file.display()));
    let opened = File::open(file).map_err(failed)?;
    let bytes = opened.metadata().map_err(failed)?.len();
    Ok((Box::new(opened), bytes))
}

async fn send(
    desk: &mut Desk,
    kind: &mut Kind,
    dry_run: bool,
    report: &mut Report,
    batch: Vec<(u64, String)>,
) -> Outcome<()> {
    let rows: Vec<&str> = batch.iter().map(|(_, json)| json.as_str()).collect();
    let mut body = format!("{{\"{}\":[{}]", kind.what, rows.join(","));
    for (name, value) in &kind.beside {
        body += &format!(",{}:{value}", Value::from(name.as_str()));
    }
    body.push('}');
    let path = if dry_run { format!("{}?dry_run=1", kind.path) } else { kind.path.to_owned() };
    let answer = desk.remote.post_text(&path, body).await?;
    let results = answer["results"].as_array().filter(|results| results.len() == batch.len());
    let results = results.ok_or_else(|| {
        Failure::new(
            Exit::Failed,
            "the server did not tell what became of each row: it is of another version",
        )
    })?;
    // What was ended here since the first batch stays so, in each later one.
    if let Some(position) = answer["position"].as_str() {
        kind.beside.insert("since".to_owned(), position.into());
    }
    for ((line, _), result) in batch.iter().zip(results) {
        report.outcome(*line, result)?;
    }
    Ok(())
}
