//! Where sweeping is. A round looks at every session once, and only then at marks: a mark is needed until the last
//! session that it ended is forgotten.

use exeunt_core::{Mark, Moment, Stamp};

/// A round of sweeping that has begun.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Round {
    /// Sessions up to this place have been looked at.
    pub after: u64,
    /// All of them have been.
    pub sessions_done: bool,
    /// What died before this has been forgotten, as far as the round has come.
    horizon: Option<Moment>,
    /// The last place in the log when the round began: all sessions are looked at after the marks up to here.
    last: Option<Stamp>,
}

impl Round {
    /// A step at `now` forgets what has been dead for longer than `keep_secs`. Neither a clock that goes back nor a
    /// longer `keep_secs` in the middle of a round moves the horizon past a session that was kept. The log has come to
    /// `last`.
    pub fn step(&mut self, now: Moment, keep_secs: u64, last: Stamp) {
        self.last.get_or_insert(last);
        let here = now.minus_secs(keep_secs);
        self.horizon = Some(self.horizon.map_or(here, |before| before.min(here)));
    }

    /// Whether every session that this mark ended has been forgotten, once `sessions_done`. Its time alone does not say
    /// so: it is when the logout was asked for, and sessions may have been looked at before it was committed.
    pub fn outlived(&self, mark: &Mark) -> bool {
        mark.when < self.horizon() && self.last.is_some_and(|last| mark.at <= last)
    }

    /// Whatever died before this is forgotten, once `sessions_done`.
    pub fn horizon(&self) -> Moment {
        self.horizon.unwrap_or_default()
    }
}
