//! A stored line of the audit trail. Marks are lines of it too, and are not written twice.

use std::net::IpAddr;

use exeunt_core::{By, DialectName, Mark, Moment, RealmId, Stamp};

/// A change other than a mark.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AuditEntry {
    /// The place in the trail, assigned by the store; 0 before.
    pub place: u64,
    /// When.
    pub when: Moment,
    /// The realm that was changed; `None`: the whole server.
    pub realm: Option<RealmId>,
    /// Who made the change.
    pub by: By,
    /// The dialect of the request.
    pub via: DialectName,
    /// The client's address.
    pub from: Option<IpAddr>,
    /// The action: `user.create`, `key.remove`, …
    pub what: String,
    /// Its object: the kind and the id. Never a secret or personal data, since a trail outlives a deleted user.
    pub subject: String,
}

/// Where reading the trail continues: before this change and before this mark.
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
    /// Where the search for changes stopped although the page had room for more.
    pub entries_cut: Option<Cut>,
    /// Where the search for marks stopped although the page had room for more.
    pub marks_cut: Option<Cut>,
}

/// The last row examined.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Cut {
    /// Its place or its stamp: the search continues before it.
    pub place: u64,
    /// When it happened.
    pub when: Moment,
}

impl AuditPlace {
    /// After everything: reading starts with the newest.
    pub const NEWEST: Self = Self { entry: u64::MAX, mark: Stamp::from_number(u64::MAX) };
}
