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

/// The most sessions in a chain: a session, its parent, the parent of that, and so on.
pub const CHAIN_MAX: usize = 4;

/// A session, immutable once issued.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Session {
    /// Its id.
    pub id: SessionId,
    /// The last log position that was known before the evidence for this session was read.
    pub stamp: Stamp,
    /// Its realm, client, user (none for client credentials), consent (only a grant has one) and itself, in that order,
    /// then those of its parent's anchors that are not there yet.
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

/// Why a session cannot be the child of another one.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum NoChild {
    /// The chain would be longer than [`CHAIN_MAX`].
    TooLong,
    /// The parent belongs to another realm.
    OtherRealm,
    /// The parent's absolute limit leaves less than a second.
    TooLate,
}

/// Judges a session: **the rule**. Nothing else in this project compares a stamp with a mark.
///
/// `seen` is when the session was last used successfully, initially when it was issued. A session expires at the exact
/// millisecond of its deadline. Ended wins over expired; a mark that only records an expiry counts as expired.
///
/// A child has its parent's anchors, so a mark on its parent ends it here too. The parent's deadline is not in them: who
/// knows when its ancestors were last seen judges each of them, and joins the verdicts with [`Verdict::and`].
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

impl Verdict {
    /// The verdict of a session whose ancestor's verdict is `ancestor`: it is alive only while both are. Ended wins over
    /// expired, and of two ends the session's own is reported.
    #[must_use]
    pub const fn and(self, ancestor: Self) -> Self {
        match (self, ancestor) {
            (Self::Ended(_), _) | (Self::Expired, Self::Alive | Self::Expired) => self,
            (Self::Alive, _) | (Self::Expired, Self::Ended(_)) => ancestor,
        }
    }
}

impl Session {
    /// Makes this session, which has only its own anchors, a child of another one: whatever ends the parent ends it,
    /// and its absolute limit ends no later than the parent's.
    ///
    /// # Errors
    /// [`NoChild`] says why it cannot be one.
    pub fn child_of(mut self, parent: &Self) -> Result<Self, NoChild> {
        if parent.ancestors().count() + 2 > CHAIN_MAX {
            return Err(NoChild::TooLong);
        }
        if self.realm() != parent.realm() {
            return Err(NoChild::OtherRealm);
        }
        if parent.absolute_secs > 0 {
            let end = parent.issued_at.plus_secs(parent.absolute_secs.into());
            // Rounded down; 0 would mean no limit.
            let left = u32::try_from(end.millis_since(self.issued_at) / 1000).unwrap_or(u32::MAX);
            if left == 0 {
                return Err(NoChild::TooLate);
            }
            let own = if self.absolute_secs > 0 { self.absolute_secs } else { left };
            self.absolute_secs = own.min(left);
        }
        let own = self.anchors.len();
        for anchor in &parent.anchors {
            if !self.anchors[..own].contains(anchor) {
                self.anchors.push(*anchor);
            }
        }
        Ok(self)
    }

    /// Its parent, the parent of that, and so on.
    pub fn ancestors(&self) -> impl Iterator<Item = SessionId> + '_ {
        let sessions = self.anchors.iter().filter_map(|anchor| match anchor {
            Anchor::Session(id) => Some(*id),
            Anchor::Realm(_) | Anchor::Client(_) | Anchor::User(_) | Anchor::Consent(_) => None,
        });
        sessions.skip(1)
    }

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

#[cfg(test)]
mod tests {
    use super::*;

    fn session(number: u8, issued_at: Moment) -> Session {
        let id = SessionId([number; 16]);
        let anchors = [Anchor::Realm(RealmId([0; 16])), Anchor::Session(id)];
        let stamp = Stamp::ZERO;
        Session { id, stamp, anchors: anchors.as_slice().into(), issued_at, idle_secs: 0, absolute_secs: 10 }
    }

    #[test]
    fn a_chain_is_four_long() {
        let born = |number| session(number, Moment::default());
        let chain = |last: u8| (2..=last).try_fold(born(1), |parent, number| born(number).child_of(&parent));
        assert_eq!(chain(4).map(|last| last.ancestors().count()), Ok(3));
        assert_eq!(chain(5), Err(NoChild::TooLong));
    }

    #[test]
    fn a_child_needs_a_parent_of_its_realm_with_time_left() {
        let parent = session(1, Moment::default());
        let mut stranger = session(2, Moment::default());
        stranger.anchors[0] = Anchor::Realm(RealmId([9; 16]));
        assert_eq!(stranger.child_of(&parent), Err(NoChild::OtherRealm));
        let late = |millis| session(2, Moment::from_millis(millis)).child_of(&parent);
        assert_eq!(late(9_001), Err(NoChild::TooLate));
        assert_eq!(late(9_000).map(|child| child.absolute_secs), Ok(1));
        assert_eq!(late(500).map(|child| child.absolute_secs), Ok(9));
    }
}
