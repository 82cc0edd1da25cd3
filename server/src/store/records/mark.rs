//! Raising marks, and reading their log.

use std::fmt;
use std::net::IpAddr;

use exeunt_core::{
    Anchor, By, DialectName, Mark, Moment, RealmId, Session, SessionId, Stamp, UserId, Verdict, Why,
};

/// A mark to be raised. The store assigns its stamp as it commits.
#[derive(Clone, Debug)]
pub struct Raise {
    /// The anchor to raise it on.
    pub anchor: Anchor,
    /// The realm of the anchor.
    pub realm: RealmId,
    /// The reason.
    pub why: Why,
    /// The subject who asks.
    pub by: By,
    /// The dialect of the request.
    pub via: DialectName,
    /// The client's address.
    pub from: Option<IpAddr>,
    /// When.
    pub when: Moment,
    /// For a session that the caller knows: its record and when it was last seen, so that the store need not read
    /// them. A record never changes, so it cannot be stale.
    pub known: Option<(Session, Moment)>,
}

/// The result of raising a mark.
#[derive(Clone, Debug)]
pub struct RaiseOutcome {
    /// The mark raised, or the one that ended the session first.
    pub mark: Mark,
    /// What the session was in commit order, just before. `Alive` for marks on other anchors.
    pub was: Verdict,
    /// Whether the mark survives a power cut.
    pub durable: bool,
}

/// Ends every session of a user except one, its ancestors and its descendants.
#[derive(Clone, Debug)]
pub struct Others {
    /// The user.
    pub user: UserId,
    /// The session to keep. If it is not the user's, the answer is `Malformed("except")`.
    pub keep: SessionId,
    /// The content of the marks; its anchor and `known` are ignored.
    pub raise: Raise,
}

/// The incarnation of a store that a position belongs to: a restored or copied store is another one.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub struct Incarnation(pub [u8; 16]);

/// A log position: a reader has everything up to here.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Position {
    /// The incarnation of the store.
    pub incarnation: Incarnation,
    /// The last stamp.
    pub stamp: Stamp,
}

/// A page of the log of marks.
#[derive(Clone, Debug)]
pub struct MarkPage {
    /// In order.
    pub marks: Vec<Mark>,
    /// The reader then has everything up to here; beyond the last mark where other realms' marks follow.
    pub position: Position,
    /// The earliest stamp that the log reaches back to: earlier marks are forgotten, or of an earlier incarnation.
    pub oldest: Stamp,
}

/// Whether the marks in force include the sessions' own marks. There may be a million, and a reader that knows which sessions
/// are unended needs none of them.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SessionMarks {
    /// Those of sessions that are recorded.
    Included,
    /// Only marks on realms, clients, users and consents.
    LeftOut,
}

impl Raise {
    /// The mark with this stamp.
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
