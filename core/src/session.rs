//! What a session is, and the one function that decides whether it is alive.
//!
//! A session's record never changes after it was issued: no statement anywhere sets it to "ended". Death is
//! derived, each time, from three things: the session, when it was last seen, and the marks in force. So a cached
//! session is never stale, and only marks must spread.

use smallvec::SmallVec;

use crate::{Anchor, ClientId, Marks, Moment, RealmId, SessionId, Stamp, UserId};

/// What a session hangs from. Those of a session without a parent lie in the session itself: a check of one among
/// millions waits for memory, and each place that it must look at costs more than all its arithmetic.
pub type Anchors = SmallVec<[Anchor; OWN_ANCHORS]>;

/// Its realm, client, user and itself.
const OWN_ANCHORS: usize = 4;

/// A session, immutable from its issue on.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Session {
    /// Its name.
    pub id: SessionId,
    /// The last place in the log of marks that was known before the evidence for this session was read.
    pub stamp: Stamp,
    /// What it hangs from: its realm, client, user (client credentials have none) and itself, in that order, then
    /// all anchors of its parent.
    pub anchors: Anchors,
    /// When it was issued.
    pub issued_at: Moment,
    /// Seconds that it lives without being seen; 0: no such limit.
    pub idle_secs: u32,
    /// Seconds that it lives at most; 0: no such limit.
    pub absolute_secs: u32,
}

/// What [`judge`] says of a session.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Verdict {
    /// It may be used.
    Alive,
    /// Its time ran out.
    Expired,
    /// A mark on this anchor ended it.
    Ended(Anchor),
}

/// Judges a session: **the rule**. Nothing else in this project compares a stamp with a mark.
///
/// `seen` is when the session was last used with success; at first, when it was issued. A session is over at the
/// very millisecond of its deadline. Ended wins over expired, and a mark that only records an expiry is reported as
/// that.
pub fn judge(session: &Session, seen: Moment, marks: &Marks, now: Moment) -> Verdict {
    let mut expired = session.deadline(seen).is_some_and(|deadline| deadline <= now);
    for anchor in &session.anchors {
        match marks.latest(*anchor) {
            Some(raised) if raised.at > session.stamp && raised.expiry => expired = true,
            Some(raised) if raised.at > session.stamp => return Verdict::Ended(*anchor),
            _ => {}
        }
    }
    if expired { Verdict::Expired } else { Verdict::Alive }
}

/// A bound for stores: of the sessions that hang from all of these anchors, those with an earlier stamp are dead,
/// so the rows of a list may be skipped up to there. Says nothing about the sessions from there on: [`judge`] them.
pub fn floor(marks: &Marks, anchors: &[Anchor]) -> Stamp {
    anchors
        .iter()
        .filter_map(|anchor| marks.latest(*anchor))
        .map(|raised| raised.at)
        .max()
        .unwrap_or_default()
}

impl Session {
    /// When this session is over if it is not seen again after `seen`; `None`: never.
    pub fn deadline(&self, seen: Moment) -> Option<Moment> {
        let idle = (self.idle_secs > 0).then(|| seen.plus_secs(self.idle_secs.into()));
        let absolute = (self.absolute_secs > 0).then(|| self.issued_at.plus_secs(self.absolute_secs.into()));
        match (idle, absolute) {
            (Some(idle), Some(absolute)) => Some(idle.min(absolute)),
            (idle, absolute) => idle.or(absolute),
        }
    }

    /// The least time between two records of last-seen, in seconds: a sixtieth of the idle limit, at least 1.
    pub fn touch_interval_secs(&self) -> u32 {
        (self.idle_secs / 60).max(1)
    }

    /// The realm it belongs to.
    pub fn realm(&self) -> Option<RealmId> {
        self.anchors.iter().find_map(|anchor| if let Anchor::Realm(id) = anchor { Some(*id) } else { None })
    }

    /// The client it is used with. Its own comes first: a parent's stands further back.
    pub fn client(&self) -> Option<ClientId> {
        self.anchors.iter().find_map(|anchor| if let Anchor::Client(id) = anchor { Some(*id) } else { None })
    }

    /// The user it belongs to; client credentials have none.
    pub fn user(&self) -> Option<UserId> {
        self.anchors.iter().find_map(|anchor| if let Anchor::User(id) = anchor { Some(*id) } else { None })
    }
}
