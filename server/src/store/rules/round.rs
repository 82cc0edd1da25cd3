//! The progress of sweeping. A round examines every session once, and only then marks: a mark is needed until the last
//! session that it ended is forgotten.

use exeunt_core::{Mark, Moment, Stamp};

/// A round of sweeping in progress.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Round {
    /// Sessions up to this row have been examined.
    pub after: u64,
    /// `true` if all sessions have been examined.
    pub sessions_done: bool,
    /// Sessions that died before this are forgotten, as far as the round has come.
    horizon: Option<Moment>,
    /// The last stamp in the log when the round began: all sessions are examined after the marks up to here.
    last: Option<Stamp>,
}

impl Round {
    /// Begins a step at `now` that forgets sessions dead for longer than `keep_secs`. Neither a clock set back nor a
    /// longer `keep_secs` during a round moves the horizon past a session that was kept. The log ends at `last`.
    pub fn step(&mut self, now: Moment, keep_secs: u64, last: Stamp) {
        self.last.get_or_insert(last);
        let here = now.minus_secs(keep_secs);
        self.horizon = Some(self.horizon.map_or(here, |before| before.min(here)));
    }

    /// Whether every session that this mark ended has been forgotten, once `sessions_done`. The mark's time alone is
    /// not enough: it is when the logout was asked for, and sessions may have been examined before its commit.
    pub fn outlived(&self, mark: &Mark) -> bool {
        mark.when < self.horizon() && self.last.is_some_and(|last| mark.at <= last)
    }

    /// Sessions that died before this are forgotten, once `sessions_done`.
    pub fn horizon(&self) -> Moment {
        self.horizon.unwrap_or_default()
    }
}
