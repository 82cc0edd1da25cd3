//! Where sweeping is. A round looks at every session once, and only then at marks: a mark is needed until the last
//! session that it ended is forgotten.

use exeunt_core::Moment;

/// A round of sweeping that has begun.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Round {
    /// Sessions up to this place have been looked at.
    pub after: u64,
    /// All of them have been.
    pub sessions_done: bool,
    /// What died before this has been forgotten, as far as the round has come.
    horizon: Option<Moment>,
}

impl Round {
    /// A step at `now` forgets what has been dead for longer than `keep_secs`. Neither a clock that goes back nor a
    /// longer `keep_secs` in the middle of a round moves the horizon past a session that was kept.
    pub fn step(&mut self, now: Moment, keep_secs: u64) {
        let here = now.minus_secs(keep_secs);
        self.horizon = Some(self.horizon.map_or(here, |before| before.min(here)));
    }

    /// Whatever died before this is forgotten, once `sessions_done`.
    pub fn horizon(&self) -> Moment {
        self.horizon.unwrap_or_default()
    }
}
