//! A try that was admitted.

use exeunt_core::Moment;

use super::{Keys, Throttle};

/// A try to log in that is in flight. Dropped, it has failed: so does one that is given up.
pub struct Attempt<'a> {
    throttle: &'a Throttle,
    keys: Keys,
    /// When it was made: what it is counted at.
    now: Moment,
    counts: bool,
}

impl<'a> Attempt<'a> {
    pub(super) const fn new(throttle: &'a Throttle, keys: Keys, now: Moment) -> Self {
        Self { throttle, keys, now, counts: true }
    }

    /// The login succeeded: the try is given back, and the failures of the pair are forgotten. Those of the person and
    /// of the address are not, or one known password would buy guesses at others.
    pub fn succeeded(self) {
        self.throttle.lock().pair.forgive(self.keys.pair);
        self.give_back();
    }

    /// Nobody learned whether the password was right: the try is given back.
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
