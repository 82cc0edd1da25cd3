//! What is moved over from another system: its users, and its live sessions.

use exeunt_core::{Moment, Session, Verdict};

use crate::store::Record;

/// A live session of another system, to be recorded with what is known of it.
#[derive(Clone, Debug)]
pub struct Adopted {
    /// The session. Issued in the past.
    pub record: Record,
    /// When it was last seen there.
    pub seen: Moment,
    /// How many sessions the user may have alive at once with the client of this one.
    pub sessions_max: u32,
}

/// What became of one of them.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Adoption {
    /// It is recorded, at this place in the order of issue.
    Recorded(u64),
    /// A session with this token is alive here already.
    Known,
    /// The token is known, and its session is over. A token is adopted once.
    Over(Over),
    /// It would be dead at birth: expired, or ended by a mark after its stamp. Nothing was recorded.
    Dead,
    /// The user has as many sessions alive as it may have, with this client or with all. Nothing was recorded, and none of those was ended.
    Crowded,
}

/// How the session of a token that is known came to its end.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Over {
    /// Its time ran out, then.
    RanOut(Moment),
    /// A mark ended it.
    Ended,
    /// It was adopted once, is over, and was forgotten.
    Forgotten,
}

impl Adoption {
    /// Of a token whose session is recorded, and was last seen at `seen`.
    pub fn recorded(session: &Session, seen: Moment, verdict: Verdict, now: Moment) -> Self {
        match verdict {
            Verdict::Alive => Self::Known,
            Verdict::Expired => Self::Over(Over::RanOut(session.deadline(seen).unwrap_or(now).min(now))),
            Verdict::Ended(_) => Self::Over(Over::Ended),
        }
    }
}
