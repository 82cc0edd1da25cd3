//! An admitted attempt to log in.

use exeunt_core::Moment;

use super::{Keys, Throttle};

/// An attempt in flight. When dropped, it counts as failed, also if the login was abandoned.
pub struct Attempt<'a> {
    throttle: &'a Throttle,
    keys: Keys,
    /// The time that its failure is counted at.
    now: Moment,
    counts: bool,
}

impl<'a> Attempt<'a> {
    pub(super) const fn new(throttle: &'a Throttle, keys: Keys, now: Moment) -> Self {
        Self { throttle, keys, now, counts: true }
    }

    /// The login succeeded: the attempt is not counted, and the failures of the pair are cleared. The failures of the
    /// person and of the address stay; otherwise one known password would buy guesses at others.
    pub fn succeeded(self) {
        self.throttle.lock().pair.forgive(self.keys.pair);
        self.give_back();
    }

    /// The attempt is not counted, since the caller did not learn whether the password was right.
    pub fn give_back(mut self) {
        self.counts = false;
    }
}

impl Drop for Attempt<'_> {
    fn drop(&mut self) {
        let mut tables = self.throttle.lock();
        tables.end(self.keys);
        if self.counts {
            tables.count(self.keys, self.now);
        }
        drop(tables);
        self.throttle.ended.notify_waiters();
    }
}
