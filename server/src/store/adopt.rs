//! What is moved over from another system: its users, and its live sessions.

use exeunt_core::Moment;

use super::Record;

/// A live session of another system, to be recorded with what is known of it.
#[derive(Clone, Debug)]
pub struct Adopted {
    /// The session. Issued in the past.
    pub record: Record,
    /// When it was last seen there.
    pub seen: Moment,
    /// How many sessions the user may have alive at once.
    pub sessions_max: u32,
}

/// What became of one of them.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Adoption {
    /// It is recorded, at this place in the order of issue.
    Recorded(u64),
    /// A session with this token is recorded already, or one was adopted before and forgotten since.
    Known,
    /// It would be dead at birth: expired, or ended by a mark after its stamp. Nothing was recorded.
    Dead,
    /// The user has as many sessions alive as it may have. Nothing was recorded, and none of those was ended.
    Crowded,
}
