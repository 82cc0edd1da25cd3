//! A store's counters, for operators.

use prometheus_client::metrics::counter::Counter;
use prometheus_client::metrics::histogram::Histogram;

use crate::env::Stopwatch;
use crate::error::Unavailability;

/// Histogram buckets in seconds: from a tenth of a millisecond to ten seconds.
const SECONDS: [f64; 16] =
    [0.0001, 0.00025, 0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0];
/// Histogram buckets for the writes in one transaction.
const WRITES: [f64; 13] = [1.0, 2.0, 4.0, 8.0, 16.0, 32.0, 64.0, 128.0, 256.0, 512.0, 1024.0, 2048.0, 4096.0];

/// Counters since the store was opened. A clone shares the same counters.
#[derive(Clone)]
pub struct Figures {
    /// Seconds of each commit: the time the disk takes.
    pub commit_secs: Histogram,
    /// Writes in each commit: how many were waiting.
    pub commit_writes: Histogram,
    /// Rows that transactions have read and written, roughly: the work that later commands waited for.
    pub rows: Counter,
    /// Transactions that changed nothing.
    pub refused: Counter,
    /// Commits whose outcome is unknown; after each the store is opened again.
    pub unknown: Counter,
    /// Seconds of each checkpoint of the log into the database file.
    pub checkpoint_secs: Histogram,
}

/// Below this many free bytes the operator should make room.
pub const FREE_BYTES_WARNING: u64 = 1 << 30;

/// The disk that holds a store.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Disk {
    /// Free bytes; `None` where the system does not report them.
    pub free_bytes: Option<u64>,
    /// `true` if the last commit found the disk full.
    pub refusing: bool,
}

/// Queue lengths now.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Waiting {
    /// Marks waiting to be written.
    pub marks: usize,
    /// Other writes that wait.
    pub writes: usize,
    /// Reads that wait.
    pub reads: usize,
    /// Pages (of 4 KiB) in the WAL.
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
    /// Counts a commit of this many writes, which read and wrote this many rows; `since` was started before the disk
    /// was written.
    pub fn committed(&self, writes: usize, rows: usize, since: &Stopwatch) {
        self.rows.inc_by(u64::try_from(rows).unwrap_or_default());
        self.commit_secs.observe(since.secs());
        self.commit_writes.observe(f64::from(u32::try_from(writes).unwrap_or(u32::MAX)));
    }

    /// Counts a transaction that was refused or whose outcome is unknown.
    pub fn failed(&self, outage: Unavailability) {
        let counter = if outage == Unavailability::Unknown { &self.unknown } else { &self.refused };
        counter.inc();
    }
}

/// A histogram of seconds.
pub fn seconds() -> Histogram {
    Histogram::new(SECONDS)
}
