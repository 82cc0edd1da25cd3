//! Judging sessions inside a transaction.

use exeunt_core::{Anchor, Moment, Session, Stamp, Verdict};

use super::book::Draft;
use super::crowd::Member;

/// Judges sessions by what a transaction knows.
pub struct Sight<'a> {
    /// The marks of the transaction, and those before it.
    pub draft: &'a Draft<'a>,
    /// What is later than the stored rows.
    pub touches: &'a dyn Touches,
}

/// The touches that are committed and not yet in the rows of their sessions.
pub trait Touches {
    /// When the session with this row was last seen, whose row says `written`.
    fn seen(&self, row: u64, written: Moment) -> Moment;
}

/// Every touch is in the row of its session.
impl Touches for () {
    fn seen(&self, _row: u64, written: Moment) -> Moment {
        written
    }
}

impl Sight<'_> {
    /// When a session was last seen.
    pub(super) fn seen(&self, member: &Member) -> Moment {
        self.touches.seen(member.row, member.seen)
    }

    /// Whether a session is alive under all marks, including this transaction's.
    pub(super) fn is_alive(&self, session: &Session, seen: Moment, now: Moment) -> bool {
        self.draft.verdict(session, seen, now) == Verdict::Alive
    }

    /// The stamp of the latest mark on an anchor.
    pub(super) fn latest(&self, anchor: Anchor) -> Option<Stamp> {
        self.draft.latest(anchor)
    }
}
