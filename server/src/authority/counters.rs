//! Metrics of the operations. For a check, counting costs one addition to an atomic.

use std::collections::BTreeMap;
use std::sync::Mutex;
use std::sync::atomic::{AtomicU64, Ordering};

use exeunt_core::{DialectName, Mark};
use prometheus_client::metrics::histogram::Histogram;

use crate::env::Stopwatch;
use crate::error::{DeadReason, Kind, Result};
use crate::lock::Exclusive as _;
use crate::store::figures::seconds;

/// Metrics of sessions.
pub struct Counters {
    checks: [AtomicU64; VERDICTS.len()],
    causes: [AtomicU64; CAUSES.len()],
    marks: Mutex<BTreeMap<(DialectName, &'static str), u64>>,
    /// Seconds from a logout call until its mark was durable.
    pub logout_durable_secs: Histogram,
    /// Seconds from a logout call until its mark was applied everywhere required.
    pub logout_confirmed_secs: Histogram,
    /// Seconds to record a session, without the password check before.
    pub login_durable_secs: Histogram,
}

/// The outcomes of a check in memory. Ended and unknown sessions are both absent from memory.
const VERDICTS: [&str; 4] = ["active", "expired", "not_active", "unavailable"];
/// The store's reasons why a credential is not active.
const CAUSES: [&str; 3] = ["ended", "expired", "unknown"];

impl Counters {
    /// Checks, by their outcome in memory.
    pub fn checks(&self) -> Vec<(&'static str, u64)> {
        told(VERDICTS, &self.checks)
    }

    /// Lookups in the store of why a credential is not active, by reason.
    pub fn causes(&self) -> Vec<(&'static str, u64)> {
        told(CAUSES, &self.causes)
    }

    /// Marks raised here, by dialect and reason.
    pub fn marks(&self) -> BTreeMap<(DialectName, &'static str), u64> {
        self.marks.hold().clone()
    }

    /// Counts a check answered from memory.
    pub(super) fn checked<T>(&self, outcome: &Result<T>) {
        let [active, expired, not_active, unavailable] = &self.checks;
        let count = match outcome {
            Ok(_) => active,
            Err(error) => match error.kind() {
                Kind::Dead(DeadReason::Expired) => expired,
                Kind::Dead(_) => not_active,
                _ => unavailable,
            },
        };
        count.fetch_add(1, Ordering::Relaxed);
    }

    /// Counts a reason from the store.
    pub(super) fn explained(&self, cause: DeadReason) {
        let [ended, expired, unknown] = &self.causes;
        let count = match cause {
            DeadReason::Ended(_) => ended,
            DeadReason::Expired => expired,
            DeadReason::Unknown => unknown,
        };
        count.fetch_add(1, Ordering::Relaxed);
    }

    /// Counts a mark. Dialects and reasons are constants of the program, so there are few.
    pub(super) fn raised(&self, mark: &Mark) {
        let mut marks = self.marks.hold();
        *marks.entry((mark.via, mark.why.word())).or_default() += 1;
    }

    /// Records that a logout is durable.
    pub(super) fn durable(&self, since: &Stopwatch) {
        self.logout_durable_secs.observe(since.secs());
    }

    /// Records that a logout is applied everywhere required.
    pub(super) fn confirmed(&self, since: &Stopwatch) {
        self.logout_confirmed_secs.observe(since.secs());
    }

    /// Records that a session is stored.
    pub(super) fn recorded(&self, since: &Stopwatch) {
        self.login_durable_secs.observe(since.secs());
    }
}

impl Default for Counters {
    fn default() -> Self {
        Self {
            checks: Default::default(),
            causes: Default::default(),
            marks: Mutex::default(),
            logout_durable_secs: seconds(),
            logout_confirmed_secs: seconds(),
            login_durable_secs: seconds(),
        }
    }
}

fn told<const N: usize>(words: [&'static str; N], counts: &[AtomicU64; N]) -> Vec<(&'static str, u64)> {
    words.into_iter().zip(counts.iter().map(|count| count.load(Ordering::Relaxed))).collect()
}
