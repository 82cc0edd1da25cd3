//! Lines of the log and of the trail written while the wall clock was ahead: their times do not say how old they are.

use exeunt_core::{Mark, Moment, Stamp};

/// The last lines stored at a start whose clock was behind the newest line: every line up to them was written by then.
/// Zero if that never happened.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct WrittenBy {
    /// The time of that start.
    pub now: Moment,
    /// The last mark stored at that start.
    pub mark: Stamp,
    /// The last line of the trail stored at that start.
    pub entry: u64,
}

impl WrittenBy {
    /// The mark, dated at the latest time at which it can have been raised.
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
