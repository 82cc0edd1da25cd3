//! Raising marks, and reading their log.

use std::fmt;
use std::net::IpAddr;

use exeunt_core::{
    Anchor, By, DialectName, Mark, Moment, RealmId, Session, SessionId, Stamp, UserId, Verdict, Why,
};

/// A mark to be raised: all of it but the stamp, which the store draws as it commits.
#[derive(Clone, Debug)]
pub struct Raise {
    /// What to pull.
    pub anchor: Anchor,
    /// The realm of the anchor.
    pub realm: RealmId,
    /// The reason.
    pub why: Why,
    /// Who asks.
    pub by: By,
    /// Through which door.
    pub via: DialectName,
    /// From which address.
    pub from: Option<IpAddr>,
    /// When.
    pub when: Moment,
    /// For a session that the caller knows: its record and when it was last seen, so that the store need not read
    /// them. A record never changes, so it cannot be stale.
    pub known: Option<(Session, Moment)>,
}

/// What raising came to.
#[derive(Clone, Debug)]
pub struct RaiseOutcome {
    /// The mark raised, or the one that was there first.
    pub mark: Mark,
    /// What the session was in commit order, just before. `Alive` for marks on other anchors.
    pub was: Verdict,
}

/// End every session of a user but one, its ancestors and what hangs from it.
#[derive(Clone, Debug)]
pub struct Others {
    /// Whose.
    pub user: UserId,
    /// The session to keep. If it is not one of the user's, the answer is `Malformed("except")`.
    pub keep: SessionId,
    /// What the marks say; their anchor and `known` are not looked at.
    pub raise: Raise,
}

/// Which life of a store a position belongs to: a restored or copied store is another one.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub struct Incarnation(pub [u8; 16]);

/// Up to where a reader has everything.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Position {
    /// Of which life of the store.
    pub incarnation: Incarnation,
    /// The last place.
    pub stamp: Stamp,
}

/// A page of the log of marks.
#[derive(Clone, Debug)]
pub struct MarkPage {
    /// In order.
    pub marks: Vec<Mark>,
    /// Up to here the reader then has everything; beyond the last mark where other realms' marks follow.
    pub position: Position,
}

/// Whether a snapshot has sessions' own marks in it. They may be a million, and a reader that knows which sessions are
/// unended needs none of them.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SessionMarks {
    /// Those of sessions that are recorded.
    Included,
    /// Only marks on realms, clients and users.
    LeftOut,
}

/// What is in force.
#[derive(Clone, Debug)]
pub struct Snapshot {
    /// The latest mark of each anchor asked for, in order.
    pub marks: Vec<Mark>,
    /// The position at which this was so.
    pub position: Position,
}

impl Raise {
    /// The mark that this becomes at a place.
    pub fn mark(&self, anchor: Anchor, why: Why, at: Stamp) -> Mark {
        Mark {
            anchor,
            at,
            realm: self.realm,
            why,
            by: self.by,
            via: self.via,
            from: self.from,
            when: self.when,
        }
    }
}

impl fmt::Display for Incarnation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        RealmId(self.0).fmt(f)
    }
}

impl fmt::Debug for Incarnation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}
