//! Order. A stamp is a place in the store's log of marks; wall clocks are never compared across machines.

use std::fmt;

/// A place in the log of marks.
///
/// A mark's stamp is its own place: contiguous, drawn as the mark commits, so that a reader notices a gap. A
/// session's stamp is the last place known *before its evidence was read*: whatever is raised while a password is
/// being checked ends the session that comes of it, and what was acknowledged before does not.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Stamp(u64);

impl Stamp {
    /// Before the first mark.
    pub const ZERO: Self = Self(0);

    /// The place with this number.
    pub const fn from_number(number: u64) -> Self {
        Self(number)
    }

    /// The number of this place.
    pub const fn number(self) -> u64 {
        self.0
    }

    /// The place after this one.
    #[must_use]
    pub const fn next(self) -> Self {
        Self(self.0.saturating_add(1))
    }
}

impl fmt::Display for Stamp {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}
