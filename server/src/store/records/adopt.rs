//! What is migrated from another system: its users and its live sessions.

use exeunt_core::{Moment, Session, Verdict};

use crate::store::Record;

/// A live session of another system, to be recorded with its known facts.
#[derive(Clone, Debug)]
pub struct Adopted {
    /// The session, issued in the past.
    pub record: Record,
    /// When it was last seen in the other system.
    pub seen: Moment,
    /// How many live sessions the user may have with this session's client.
    pub sessions_max: u32,
}

/// The outcome of adopting one session.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Adoption {
    /// Recorded, with this row in the order of issue.
    Recorded(u64),
    /// A session with this token is already alive here.
    Known,
    /// The token is known and its session is over. A token is adopted once.
    Over(Over),
    /// It would be dead already: expired, or ended by a mark after its stamp. Nothing was recorded.
    Dead,
    /// The user has as many live sessions as allowed. Nothing was recorded, and no session was ended.
    Crowded,
}

/// How the session of a known token ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Over {
    /// It expired at this time.
    RanOut(Moment),
    /// A mark ended it.
    Ended,
    /// It was adopted once, has ended, and was forgotten.
    Forgotten,
}

impl Adoption {
    /// The outcome for a token whose session is recorded and was last seen at `seen`.
    pub fn recorded(session: &Session, seen: Moment, verdict: Verdict, now: Moment) -> Self {
        match verdict {
            Verdict::Alive => Self::Known,
            Verdict::Expired => Self::Over(Over::RanOut(session.deadline(seen).unwrap_or(now).min(now))),
            Verdict::Ended(_) => Self::Over(Over::Ended),
        }
    }
}
