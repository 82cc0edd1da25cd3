//! A session as it is kept, with what is kept beside it.

use std::net::IpAddr;

use exeunt_core::{
    Anchor, DialectName, Fingerprint, Mark, Moment, RealmId, Session, SessionId, Stamp, Verdict,
};

use crate::store::AuditEntry;

/// A session and what is known of its issue. Never changed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Record {
    /// What `judge` needs.
    pub session: Session,
    /// The dialect that issued it, and the only one that accepts its token.
    pub dialect: DialectName,
    /// The fingerprint of its token.
    pub token: Fingerprint,
    /// The address that it was issued to.
    pub from: Option<IpAddr>,
    /// The program that it was issued to, as it named itself; cut to 256 bytes.
    pub user_agent: Option<String>,
}

/// A session to be recorded.
#[derive(Clone, Debug)]
pub struct NewSession {
    /// The session.
    pub record: Record,
    /// How many sessions the user may have alive at once with the client of this one.
    pub sessions_max: u32,
    /// The line of the audit trail that commits with it.
    pub audit: Option<AuditEntry>,
}

/// What issuing came to.
#[derive(Clone, Debug)]
pub struct Issued {
    /// The place in the order of issue, from 1.
    pub row: u64,
    /// The marks of the sessions that had to go.
    pub ended: Vec<Mark>,
}

/// A session was seen.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Seen {
    /// Which.
    pub session: SessionId,
    /// Its place in the order of issue.
    pub row: u64,
    /// When.
    pub at: Moment,
}

/// A recorded session.
#[derive(Clone, Debug)]
pub struct Found {
    /// The session.
    pub record: Record,
    /// Its place in the order of issue.
    pub row: u64,
    /// When it was last seen, as far as that is written: the truth may be up to [`touch_lag_secs`] later.
    pub seen: Moment,
    /// What it is, all marks considered, and last-seen taken as late as it can have been.
    pub verdict: Verdict,
}

/// How a session is found.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SessionBy {
    /// By its id.
    Id(SessionId),
    /// By the fingerprint of its token.
    Token(Fingerprint),
}

/// Which sessions to list.
#[derive(Clone, Debug)]
pub struct List {
    /// Of this realm.
    pub realm: RealmId,
    /// That hang from all of these anchors: users and clients, at most one of each; none: all of the realm.
    pub under: Vec<Anchor>,
    /// Issued before this place.
    pub before: u64,
    /// With this stamp or a later one: see [`exeunt_core::floor`].
    pub floor: Stamp,
    /// At most so many.
    pub limit: u32,
    /// The time to judge at.
    pub now: Moment,
}

/// A page of a list of sessions.
#[derive(Clone, Debug, Default)]
pub struct SessionPage {
    /// Newest first, at most as many as asked for.
    pub found: Vec<Found>,
    /// Before which place the list goes on; `None`: nothing follows. A store looks only so far at once, so a page may
    /// be short or empty and yet go on.
    pub next: Option<u64>,
}

/// What a step of sweeping did.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Swept {
    /// Sessions forgotten.
    pub sessions: u32,
    /// Entries of the log of marks dropped.
    pub marks: u32,
    /// There is more to look at before the end of this round.
    pub more: bool,
}

/// Seconds within which a touch that is due has been handed to the store.
pub const FLUSH_SECS: u64 = 1;

/// By how many seconds the written last-seen of this session can be behind the truth: touches are written once an
/// interval, and not at the very moment.
pub fn touch_lag_secs(session: &Session) -> u64 {
    u64::from(session.touch_interval_secs()) + FLUSH_SECS
}

/// The latest that a session can have been seen, by what is written.
pub fn seen_at_most(session: &Session, written: Moment, now: Moment) -> Moment {
    written.plus_secs(touch_lag_secs(session)).min(now).max(written)
}
