//! A line of the audit trail as it is kept. Marks are lines of it too, and are not written twice.

use std::net::IpAddr;

use exeunt_core::{By, DialectName, Mark, Moment, RealmId, Stamp};

/// A change that somebody made, other than a mark.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AuditEntry {
    /// The place in the trail, given by the store; 0 before.
    pub place: u64,
    /// When.
    pub when: Moment,
    /// The realm that was changed; `None`: the whole server.
    pub realm: Option<RealmId>,
    /// Who.
    pub by: By,
    /// Through which door.
    pub via: DialectName,
    /// From which address.
    pub from: Option<IpAddr>,
    /// What was done: `user.create`, `key.remove`, …
    pub what: String,
    /// To what: the kind and the id. Never a secret, never personal data, since a trail outlives a deleted user.
    pub subject: String,
}

/// Where reading the trail goes on: before this change and before this mark.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct AuditPlace {
    /// Changes with a smaller place.
    pub entry: u64,
    /// Marks with an earlier stamp.
    pub mark: Stamp,
}

/// A page of the audit trail.
#[derive(Clone, Debug)]
pub struct Trail {
    /// Changes, newest first.
    pub entries: Vec<AuditEntry>,
    /// Marks, newest first.
    pub marks: Vec<Mark>,
    /// Where looking for changes stopped although there was room for more.
    pub entries_cut: Option<Cut>,
    /// Where looking for marks stopped although there was room for more.
    pub marks_cut: Option<Cut>,
}

/// The last row that was looked at.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Cut {
    /// Its place, or its stamp: looking goes on before it.
    pub place: u64,
    /// When it happened.
    pub when: Moment,
}

impl AuditPlace {
    /// After everything: reading starts with the newest.
    pub const NEWEST: Self = Self { entry: u64::MAX, mark: Stamp::from_number(u64::MAX) };
}
