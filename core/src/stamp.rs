//! Order. A stamp is a position in the store's log of marks; wall clocks are never compared across machines.

use std::fmt;

/// A position in the log of marks.
///
/// A mark's stamp is its own position. Positions are contiguous and assigned at commit, so a reader notices a gap. A
/// session's stamp is the last position known *before its evidence was read*: a mark raised while the password is being
/// checked ends the new session, and a mark acknowledged earlier does not.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Stamp(u64);

impl Stamp {
    /// Before the first mark.
    pub const ZERO: Self = Self(0);

    /// The position with this number.
    pub const fn from_number(number: u64) -> Self {
        Self(number)
    }

    /// The number of this position.
    pub const fn number(self) -> u64 {
        self.0
    }

    /// The next position.
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
