//! A realm as it is kept.

use exeunt_core::{Moment, RealmId};

/// An isolated tenant: its users, clients, sessions and keys. Never changed after it was made.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Realm {
    /// Its name for programs.
    pub id: RealmId,
    /// Its name for people, unique: 1 to 64 of lower-case letters, digits and `-`.
    pub name: String,
    /// When it was made.
    pub created_at: Moment,
}
