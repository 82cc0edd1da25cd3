//! What a store counts, for operators.

use prometheus_client::metrics::counter::Counter;
use prometheus_client::metrics::histogram::Histogram;

use crate::env::Stopwatch;
use crate::error::Unavailability;

/// Upper ends of what is measured in seconds: from a tenth of a millisecond to ten seconds.
const SECONDS: [f64; 16] =
    [0.0001, 0.00025, 0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0];
/// Upper ends of what is counted in writes of one transaction.
const WRITES: [f64; 13] = [1.0, 2.0, 4.0, 8.0, 16.0, 32.0, 64.0, 128.0, 256.0, 512.0, 1024.0, 2048.0, 4096.0];

/// What has happened since the store was opened. Handles: a clone counts on with the same numbers.
#[derive(Clone)]
pub struct Figures {
    /// Seconds of each commit: what the disk takes.
    pub commit_secs: Histogram,
    /// Writes in each commit: what was waiting.
    pub commit_writes: Histogram,
    /// Rows that transactions have read and written, roughly: what those behind them wait for.
    pub rows: Counter,
    /// Transactions that changed nothing.
    pub refused: Counter,
    /// Commits that may have happened or not; each is followed by opening the store again.
    pub unknown: Counter,
    /// Rounds of moving the log beside the file into the file, in seconds.
    pub checkpoint_secs: Histogram,
}

/// Below this many bytes that are free on the disk, it is time to make room.
pub const FREE_BYTES_WARNING: u64 = 1 << 30;

/// The disk that a store is on.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Disk {
    /// Bytes that are free on it; nothing where the system does not tell.
    pub free_bytes: Option<u64>,
    /// It took no more when something was to be committed last.
    pub refusing: bool,
}

/// What is waiting now.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Waiting {
    /// Marks that wait to be written.
    pub marks: usize,
    /// Everything else that does.
    pub writes: usize,
    /// Reads.
    pub reads: usize,
    /// Pages (of 4 KiB) in the log beside the file.
    pub log_pages: u32,
}

impl Default for Figures {
    fn default() -> Self {
        Self {
            commit_secs: seconds(),
            commit_writes: Histogram::new(WRITES),
            rows: Counter::default(),
            refused: Counter::default(),
            unknown: Counter::default(),
            checkpoint_secs: seconds(),
        }
    }
}

impl Figures {
    /// So many writes were committed, for which so many rows were read and written; the watch was started before the disk
    /// was asked.
    pub fn committed(&self, writes: usize, rows: usize, since: &Stopwatch) {
        self.rows.inc_by(u64::try_from(rows).unwrap_or_default());
        self.commit_secs.observe(since.secs());
        self.commit_writes.observe(f64::from(u32::try_from(writes).unwrap_or(u32::MAX)));
    }

    /// A transaction came to nothing, or nobody knows to what.
    pub fn failed(&self, outage: Unavailability) {
        let counter = if outage == Unavailability::Unknown { &self.unknown } else { &self.refused };
        counter.inc();
    }
}

/// Counts how often something took how many seconds.
pub fn seconds() -> Histogram {
    Histogram::new(SECONDS)
}
