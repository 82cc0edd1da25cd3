//! A stored session, and what is stored beside it.

use std::net::IpAddr;

use exeunt_core::{
    Anchor, DialectName, Fingerprint, Mark, Moment, RealmId, Session, SessionId, Stamp, Verdict,
};

use crate::store::{AuditEntry, Generation, Grant};

/// A session and the facts of its issue. Never changed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Record {
    /// The part that `judge` needs.
    pub session: Session,
    /// The dialect that issued it, and the only one that accepts its tokens.
    pub dialect: DialectName,
    /// The fingerprint of its token. A session without one is found by its id only: its tokens are sealed.
    pub token: Option<Fingerprint>,
    /// What was granted, if it is a grant.
    pub grant: Option<Grant>,
    /// The client's address at issue.
    pub from: Option<IpAddr>,
    /// The client's `User-Agent` at issue, cut to 256 bytes.
    pub user_agent: Option<String>,
}

impl Record {
    /// How it is found: by its token, if it has one.
    pub fn by(&self) -> SessionBy {
        self.token.map_or(SessionBy::Id(self.session.id), SessionBy::Token)
    }
}

/// A session to be recorded.
#[derive(Clone, Debug)]
pub struct NewSession {
    /// The session.
    pub record: Record,
    /// How many live sessions the user may have with this session's client.
    pub sessions_max: u32,
    /// Of client credentials: another session for the same is in the way unless it ends within so many seconds.
    pub left_secs: u32,
    /// The line of the audit trail that commits with it.
    pub audit: Option<AuditEntry>,
}

/// The result of issuing a session.
#[derive(Clone, Debug)]
pub struct Issued {
    /// The row in the order of issue, from 1.
    pub row: u64,
    /// The session that there is for these client credentials already. `row` is its row, and nothing was recorded.
    pub there: Option<SessionId>,
    /// The marks of the sessions ended to make room.
    pub ended: Vec<Mark>,
}

/// A touch: a session was seen.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Seen {
    /// The session.
    pub session: SessionId,
    /// Its row in the order of issue.
    pub row: u64,
    /// When.
    pub at: Moment,
}

/// A recorded session.
#[derive(Clone, Debug)]
pub struct Found {
    /// The session.
    pub record: Record,
    /// Its row in the order of issue.
    pub row: u64,
    /// When it was last seen, as written: the true time may be up to [`touch_lag_secs`] later.
    pub seen: Moment,
    /// The last use of a token of it that has generations.
    pub generation: Option<Generation>,
    /// Its verdict, judged with all marks and the latest possible last-seen.
    pub verdict: Verdict,
}

/// How to find a session.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SessionBy {
    /// By its id.
    Id(SessionId),
    /// By the fingerprint of its token, if it has one.
    Token(Fingerprint),
}

/// Which sessions to list.
#[derive(Clone, Debug)]
pub struct List {
    /// The realm.
    pub realm: RealmId,
    /// Only sessions that hang from all of these: users, clients, consents, and other sessions, which are their
    /// ancestors; empty: all of the realm.
    pub under: Vec<Anchor>,
    /// Only sessions issued before this row.
    pub before: u64,
    /// Only sessions with this stamp or a later one: see [`exeunt_core::floor`].
    pub floor: Stamp,
    /// At most this many.
    pub limit: u32,
    /// The time to judge at.
    pub now: Moment,
}

/// A page of a list of sessions.
#[derive(Clone, Debug, Default)]
pub struct SessionPage {
    /// Newest first, at most as many as asked for.
    pub found: Vec<Found>,
    /// The list continues before this row; `None`: it is complete. A store examines a limited number of rows at once,
    /// so a page may be short or empty although the list continues.
    pub next: Option<u64>,
}

/// What a step of sweeping did.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Swept {
    /// Sessions forgotten.
    pub sessions: u32,
    /// Entries of the log of marks dropped.
    pub marks: u32,
    /// `true` if this round has more to examine.
    pub more: bool,
}

/// Seconds within which a due touch is sent to the store.
pub const FLUSH_SECS: u64 = 1;

/// By how many seconds the written last-seen of this session can lag: touches are written once an interval, with a
/// delay.
pub fn touch_lag_secs(session: &Session) -> u64 {
    u64::from(session.touch_interval_secs()) + FLUSH_SECS
}

/// The latest time a session can have been seen, given the written last-seen.
pub fn seen_at_most(session: &Session, written: Moment, now: Moment) -> Moment {
    written.plus_secs(touch_lag_secs(session)).min(now).max(written)
}
