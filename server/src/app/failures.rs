//! Limits how often repeated failures of background work are logged.

use std::collections::HashMap;
use std::sync::Mutex;

use exeunt_core::Moment;

use crate::lock::Exclusive as _;

/// The minimum time between two log lines about the same work, in seconds.
const LOGGED_SECS: u64 = 60;

/// Failures, by the name of the work.
#[derive(Default)]
pub struct Failures(Mutex<HashMap<&'static str, Failed>>);

#[derive(Default)]
struct Failed {
    logged: Option<Moment>,
    unlogged: u64,
}

impl Failures {
    /// Counts a failure. If it should be logged, returns how many were not logged before it.
    pub fn admit(&self, work: &'static str, now: Moment) -> Option<u64> {
        let mut all = self.0.hold();
        let failed = all.entry(work).or_default();
        if failed.logged.is_some_and(|logged| now < logged.plus_secs(LOGGED_SECS)) {
            failed.unlogged += 1;
            return None;
        }
        failed.logged = Some(now);
        Some(std::mem::take(&mut failed.unlogged))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_same_is_logged_once_a_minute_and_counted_meanwhile() {
        let failures = Failures::default();
        let admit = |secs| failures.admit("flush", Moment::from_secs(secs));
        assert_eq!([10, 11, 69].map(admit), [Some(0), None, None]);
        assert_eq!(failures.admit("expire", Moment::from_secs(11)), Some(0));
        assert_eq!([70, 71].map(admit), [Some(2), None]);
    }
}
