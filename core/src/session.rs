//! What a session is, and the one function that decides whether it is alive.
//!
//! A session's record never changes after its issue: no statement anywhere sets it to "ended". Each check derives the
//! state from three things: the session, when it was last seen, and the marks in force. So a cached session is never
//! stale, and only marks must spread.

use smallvec::SmallVec;

use crate::{Anchor, ClientId, Marks, Moment, RealmId, SessionId, Stamp, UserId};

/// The anchors of a session. Without a parent they are stored inline: a check of one session among millions waits for
/// memory, and each further cache miss costs more than all its arithmetic.
pub type Anchors = SmallVec<[Anchor; OWN_ANCHORS]>;

/// The session's realm, client and user, and the session itself.
const OWN_ANCHORS: usize = 4;

/// A session, immutable once issued.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Session {
    /// Its id.
    pub id: SessionId,
    /// The last log position that was known before the evidence for this session was read.
    pub stamp: Stamp,
    /// Its realm, client, user (none for client credentials) and itself, in that order, then all anchors of its parent.
    pub anchors: Anchors,
    /// When it was issued.
    pub issued_at: Moment,
    /// Seconds without use after which it expires; 0: no such limit.
    pub idle_secs: u32,
    /// Seconds after its issue at which it expires; 0: no such limit.
    pub absolute_secs: u32,
}

/// The result of [`judge`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Verdict {
    /// It may be used.
    Alive,
    /// Its deadline has passed.
    Expired,
    /// A mark on this anchor ended it.
    Ended(Anchor),
}

/// Judges a session: **the rule**. Nothing else in this project compares a stamp with a mark.
///
/// `seen` is when the session was last used successfully, initially when it was issued. A session expires at the exact
/// millisecond of its deadline. Ended wins over expired; a mark that only records an expiry counts as expired.
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

/// A bound for stores: of the sessions that have all these anchors, those with an earlier stamp are dead, so a list may
/// skip their rows. It says nothing about the other sessions: [`judge`] them.
pub fn floor(marks: &Marks, anchors: &[Anchor]) -> Stamp {
    anchors
        .iter()
        .filter_map(|anchor| marks.latest(*anchor))
        .map(|raised| raised.at)
        .max()
        .unwrap_or_default()
}

impl Session {
    /// When this session expires if it is not used after `seen`; `None`: never.
    pub fn deadline(&self, seen: Moment) -> Option<Moment> {
        let idle = (self.idle_secs > 0).then(|| seen.plus_secs(self.idle_secs.into()));
        let absolute = (self.absolute_secs > 0).then(|| self.issued_at.plus_secs(self.absolute_secs.into()));
        match (idle, absolute) {
            (Some(idle), Some(absolute)) => Some(idle.min(absolute)),
            (idle, absolute) => idle.or(absolute),
        }
    }

    /// The shortest time between two writes of last-seen, in seconds: a sixtieth of the idle limit, at least 1.
    pub fn touch_interval_secs(&self) -> u32 {
        (self.idle_secs / 60).max(1)
    }

    /// The realm it belongs to.
    pub fn realm(&self) -> Option<RealmId> {
        self.anchors.iter().find_map(|anchor| if let Anchor::Realm(id) = anchor { Some(*id) } else { None })
    }

    /// The client it is used with. Its own comes before its parent's.
    pub fn client(&self) -> Option<ClientId> {
        self.anchors.iter().find_map(|anchor| if let Anchor::Client(id) = anchor { Some(*id) } else { None })
    }

    /// The user it belongs to; client credentials have none.
    pub fn user(&self) -> Option<UserId> {
        self.anchors.iter().find_map(|anchor| if let Anchor::User(id) = anchor { Some(*id) } else { None })
    }
}
