//! Reads rows in a separate thread, so that Ctrl-C works while a read blocks.

use std::io::BufReader;
use std::thread;

use tokio::sync::mpsc;

use super::Column;
use super::input::Input;
use super::rows::{Row, Rows};
use crate::cli::exit::{Exit, Failure, Outcome};

/// The size of the read buffer, in bytes.
const READ_BYTES: usize = 256 << 10;
/// The most rows that are read ahead.
const AHEAD_ROWS_MAX: usize = 64;

/// The rows from the thread. If this is dropped while a read blocks, the thread runs until the program ends.
pub(super) struct Reading {
    rows: mpsc::Receiver<(Outcome<Option<Row>>, u64)>,
    bytes: u64,
}

impl Reading {
    pub(super) fn start(input: Input, columns: &'static [Column]) -> Outcome<Self> {
        let (sender, rows) = mpsc::channel(AHEAD_ROWS_MAX);
        let mut read = Rows::new(BufReader::with_capacity(READ_BYTES, input.file), columns);
        let work = move || {
            loop {
                let row = read.next();
                let last = !matches!(row, Ok(Some(_)));
                if sender.blocking_send((row, read.bytes())).is_err() || last {
                    return;
                }
            }
        };
        let started = thread::Builder::new().name("rows".to_owned()).spawn(work);
        started.map_err(|error| Failure::new(Exit::Failed, format!("cannot start a thread: {error}")))?;
        Ok(Self { rows, bytes: 0 })
    }

    /// The next row; `None` at the end.
    ///
    /// # Errors
    /// As [`Rows::next`].
    pub(super) async fn next(&mut self) -> Outcome<Option<Row>> {
        let lost = || Failure::new(Exit::Failed, "cannot read the file to its end");
        let (row, bytes) = self.rows.recv().await.ok_or_else(lost)?;
        self.bytes = bytes;
        row
    }

    /// The number of bytes read so far.
    pub(super) const fn bytes(&self) -> u64 {
        self.bytes
    }
}
