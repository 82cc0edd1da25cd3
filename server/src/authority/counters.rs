//! What the verbs count, for operators. On the way of a check it is one addition to a number that stands still.

use std::collections::BTreeMap;
use std::sync::Mutex;
use std::sync::atomic::{AtomicU64, Ordering};

use exeunt_core::{DialectName, Mark};
use prometheus_client::metrics::histogram::Histogram;

use crate::env::Stopwatch;
use crate::error::{DeadReason, Kind, Result};
use crate::lock::Exclusive as _;
use crate::store::figures::seconds;

/// What is counted of sessions.
pub struct Counters {
    checks: [AtomicU64; VERDICTS.len()],
    causes: [AtomicU64; CAUSES.len()],
    marks: Mutex<BTreeMap<(DialectName, &'static str), u64>>,
    /// Seconds from the call that logs out until its mark was durable.
    pub logout_durable_secs: Histogram,
    /// Seconds from the call that logs out until everybody had its mark who must.
    pub logout_confirmed_secs: Histogram,
    /// Seconds until a session was recorded, its password checked before.
    pub login_durable_secs: Histogram,
}

/// What memory says of a credential. A session that was ended is not in memory, and neither is one that never was.
const VERDICTS: [&str; 4] = ["active", "expired", "not_active", "unavailable"];
/// What the store says of one that is not active.
const CAUSES: [&str; 3] = ["ended", "expired", "unknown"];

impl Counters {
    /// Checks, by what memory said.
    pub fn checks(&self) -> Vec<(&'static str, u64)> {
        told(VERDICTS, &self.checks)
    }

    /// Credentials of which the store was asked why they are not active, by what it said.
    pub fn causes(&self) -> Vec<(&'static str, u64)> {
        told(CAUSES, &self.causes)
    }

    /// Marks raised here, by door and cause.
    pub fn marks(&self) -> BTreeMap<(DialectName, &'static str), u64> {
        self.marks.hold().clone()
    }

    /// A check was answered from memory.
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

    /// The store has said why a credential is not active.
    pub(super) fn explained(&self, cause: DeadReason) {
        let [ended, expired, unknown] = &self.causes;
        let count = match cause {
            DeadReason::Ended(_) => ended,
            DeadReason::Expired => expired,
            DeadReason::Unknown => unknown,
        };
        count.fetch_add(1, Ordering::Relaxed);
    }

    /// A mark was raised. Doors and causes are words of the program, so there are few.
    pub(super) fn raised(&self, mark: &Mark) {
        let mut marks = self.marks.hold();
        *marks.entry((mark.via, mark.why.word())).or_default() += 1;
    }

    /// A logout is durable.
    pub(super) fn durable(&self, since: &Stopwatch) {
        self.logout_durable_secs.observe(since.secs());
    }

    /// A logout is known to everybody who must know.
    pub(super) fn confirmed(&self, since: &Stopwatch) {
        self.logout_confirmed_secs.observe(since.secs());
    }

    /// A session is recorded.
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
