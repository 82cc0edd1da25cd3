//! Reads the rows of a file one at a time: only one row is in memory, however long the file is.

use std::io::{BufRead, ErrorKind, Read};

use serde_json::{Map, Value};

use super::{Column, Meaning, csv};
use crate::cli::exit::{Exit, Failure, Outcome};
use crate::time;

/// The longest row, in bytes.
const ROW_BYTES_MAX: usize = 64 << 10;
/// The error for an empty input: a real list is not empty, but the output of a program that failed is.
const EMPTY: &str =
    "the input is empty, without a header or a row; check whether the program that writes it failed";
const ARRAY: &str = "this is a JSON array; expected JSON lines: one object a line, without brackets around \
                     them or commas between";

/// A row to send, or why it cannot be sent.
pub(super) struct Row {
    /// The number of its first line, from 1.
    pub line: u64,
    /// A JSON object, or an error.
    pub json: Result<String, String>,
}

pub(super) struct Rows<R> {
    input: R,
    columns: &'static [Column],
    form: Option<Form>,
    line: u64,
    bytes: u64,
    over: bool,
}

enum Form {
    JsonLines,
    /// CSV, with the index in [`Rows::columns`] of each column of the file.
    Csv(Vec<usize>),
}

/// A piece of the file.
enum Piece {
    Text(String),
    Wrong(&'static str),
    End,
}

impl<R: BufRead> Rows<R> {
    pub(super) fn new(input: R, columns: &'static [Column]) -> Self {
        Self { input, columns, form: None, line: 0, bytes: 0, over: false }
    }

    /// The number of bytes read so far.
    pub(super) const fn bytes(&self) -> u64 {
        self.bytes
    }

    /// The next row; `None` at the end.
    ///
    /// # Errors
    /// The file cannot be read, or its header is wrong.
    pub(super) fn next(&mut self) -> Outcome<Option<Row>> {
        while !self.over {
            let line = self.line + 1;
            let text = match self.record()? {
                Piece::End if self.form.is_none() => return Err(Failure::usage(EMPTY)),
                Piece::End => break,
                Piece::Wrong(reason) => {
                    return match self.form {
                        None => Err(Failure::usage(format!("line {line}: {reason}"))),
                        Some(_) => Ok(Some(Row { line, json: Err(reason.to_owned()) })),
                    };
                }
                Piece::Text(text) => text,
            };
            if text.trim().is_empty() {
                continue;
            }
            match &self.form {
                None if text.trim_start().starts_with('{') => {
                    self.form = Some(Form::JsonLines);
                    return Ok(Some(Row { line, json: object(&text) }));
                }
                None if text.trim_start().starts_with('[') => {
                    return Err(Failure::usage(format!("line {line}: {ARRAY}")));
                }
                None => {
                    let header = header(&text, self.columns);
                    self.form =
                        Some(Form::Csv(header.map_err(|why| Failure::usage(format!("line {line}: {why}")))?));
                }
                Some(Form::JsonLines) => return Ok(Some(Row { line, json: object(&text) })),
                Some(Form::Csv(header)) => {
                    return Ok(Some(Row { line, json: cells(&text, header, self.columns) }));
                }
            }
        }
        Ok(None)
    }

    /// Reads a record: one line, or for CSV as many lines as belong together.
    fn record(&mut self) -> Outcome<Piece> {
        let mut record = match self.one_line()? {
            Piece::Text(text) => text,
            other => return Ok(other),
        };
        if self.line == 1 {
            record = record.trim_start_matches('\u{feff}').to_owned();
        }
        while !matches!(self.form, Some(Form::JsonLines))
            && !record.trim_start().starts_with('{')
            && csv::is_open(&record)
        {
            // Text after a quote that is never closed cannot be distinguished from text within it.
            let lost = "a quote is not closed; nothing after it was read";
            match self.one_line()? {
                Piece::Text(more) if record.len() + more.len() < ROW_BYTES_MAX => {
                    record.push('\n');
                    record += &more;
                }
                Piece::Text(_) | Piece::Wrong(_) | Piece::End => {
                    self.over = true;
                    return Ok(Piece::Wrong(lost));
                }
            }
        }
        Ok(Piece::Text(record))
    }

    fn one_line(&mut self) -> Outcome<Piece> {
        let mut bytes = Vec::new();
        let failed =
            |error: std::io::Error| Failure::new(Exit::Failed, format!("cannot read the file: {error}"));
        let limit = ROW_BYTES_MAX as u64 + 1;
        self.input.by_ref().take(limit).read_until(b'\n', &mut bytes).map_err(failed)?;
        if bytes.is_empty() {
            return Ok(Piece::End);
        }
        self.line += 1;
        self.bytes += bytes.len() as u64;
        if bytes.len() > ROW_BYTES_MAX && !bytes.ends_with(b"\n") {
            self.skip_line().map_err(failed)?;
            return Ok(Piece::Wrong("the row is too long; expected at most 64 KiB"));
        }
        if bytes.ends_with(b"\n") {
            bytes.pop();
        }
        if bytes.ends_with(b"\r") {
            bytes.pop();
        }
        Ok(String::from_utf8(bytes).map_or(Piece::Wrong("the row is not UTF-8"), Piece::Text))
    }

    fn skip_line(&mut self) -> std::io::Result<()> {
        loop {
            let here = match self.input.fill_buf() {
                Ok(here) => here,
                Err(error) if error.kind() == ErrorKind::Interrupted => continue,
                Err(error) => return Err(error),
            };
            let end = here.iter().position(|byte| *byte == b'\n');
            let used = end.map_or(here.len(), |end| end + 1);
            self.input.consume(used);
            self.bytes += used as u64;
            if end.is_some() || used == 0 {
                return Ok(());
            }
        }
    }
}

/// Parses a header: the index in `columns` of each column.
fn header(text: &str, columns: &[Column]) -> Result<Vec<usize>, String> {
    let mut header = Vec::new();
    for name in csv::fields(text)? {
        let known = || columns.iter().map(|column| column.0).collect::<Vec<_>>().join(", ");
        let place = columns.iter().position(|column| column.0 == name.trim());
        let place = place.ok_or_else(|| {
            format!(
                "the first line is not a header, or has an unknown column; expected columns from: {}",
                known()
            )
        })?;
        if header.contains(&place) {
            return Err(format!("the column {} is repeated", columns[place].0));
        }
        header.push(place);
    }
    Ok(header)
}

/// Converts a row of CSV to JSON.
fn cells(text: &str, header: &[usize], columns: &[Column]) -> Result<String, String> {
    let fields = csv::fields(text)?;
    if fields.len() != header.len() {
        return Err(format!("the row has {} fields, but the header has {}", fields.len(), header.len()));
    }
    let mut row = Map::new();
    for (field, place) in fields.into_iter().zip(header).filter(|(field, _)| !field.is_empty()) {
        let Column(name, meaning) = &columns[*place];
        let value = meaning.read(field).map_err(|why| format!("{name} {why}"))?;
        row.insert((*name).to_owned(), value);
    }
    Ok(Value::Object(row).to_string())
}

/// Checks that a line is a JSON object, and returns it unchanged. The server checks its members.
fn object(text: &str) -> Result<String, String> {
    if !text.trim_start().starts_with('{') {
        return Err("the line is not a JSON object".to_owned());
    }
    match serde_json::from_str::<serde::de::IgnoredAny>(text) {
        Ok(_) => Ok(text.trim().to_owned()),
        Err(error) if error.is_eof() => Err("the line ends in the middle of a JSON value".to_owned()),
        Err(error) => Err(format!("the line is not JSON; the error is at column {}", error.column())),
    }
}

impl Meaning {
    /// What a cell says, or what is wrong with it.
    fn read(self, text: String) -> Result<Value, String> {
        match self {
            Self::Text => Ok(text.into()),
            Self::Flag => match text.to_lowercase().as_str() {
                "true" | "t" | "1" => Ok(true.into()),
                "false" | "f" | "0" => Ok(false.into()),
                _ => Err("must be true, false, t, f, 1 or 0".to_owned()),
            },
            Self::Object => serde_json::from_str::<Map<String, Value>>(&text)
                .map(Value::Object)
                .map_err(|_| "must be a JSON object".to_owned()),
            Self::Secs => time::duration(&text).map(Value::from),
            Self::Time => Ok(text.parse::<u64>().map_or_else(|_| text.into(), Value::from)),
        }
    }
}

#[cfg(test)]
mod tests;
