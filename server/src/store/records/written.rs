//! Lines of the log and of the trail that were written while the wall clock was ahead: their times do not say how old they
//! are.

use exeunt_core::{Mark, Moment, Stamp};

/// What was there at a start at which the newest line was of a later time than the clock's: all of it was written by then
/// at the latest. Nothing, unless that has happened.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct WrittenBy {
    /// When that start was.
    pub now: Moment,
    /// The last mark that was there.
    pub mark: Stamp,
    /// The last line of the trail that was there.
    pub entry: u64,
}

impl WrittenBy {
    /// The mark, with the latest time at which it can have been raised.
    #[must_use]
    pub fn dated(&self, mut mark: Mark) -> Mark {
        if mark.at <= self.mark {
            mark.when = mark.when.min(self.now);
        }
        mark
    }

    /// The latest time at which a line of the trail can have been written.
    pub fn when(&self, entry: u64, when: Moment) -> Moment {
        if entry <= self.entry { when.min(self.now) } else { when }
    }
}
