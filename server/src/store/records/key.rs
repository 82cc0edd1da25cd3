//! A stored key of the native API.

use exeunt_core::{Fingerprint, KeyId, Moment, RealmId};

/// What a caller of the native API authenticates with; only its fingerprint is stored.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Key {
    /// Its id, for programs.
    pub id: KeyId,
    /// Its name, for people.
    pub name: String,
    /// What its holder may do.
    pub role: Role,
    /// The only realm it may access; `None`: all.
    pub realm: Option<RealmId>,
    /// The fingerprint that a presented key is looked up by.
    pub fingerprint: Fingerprint,
    /// When it was created.
    pub created_at: Moment,
}

/// What the holder of a key may do.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Role {
    /// Everything.
    Admin,
    /// Read everything, change nothing.
    Read,
    /// Check sessions.
    Check,
    /// End sessions.
    End,
}

impl Role {
    /// Every role.
    pub const ALL: [Self; 4] = [Self::Admin, Self::Read, Self::Check, Self::End];

    /// The role's word on the wire and in the store.
    pub const fn word(self) -> &'static str {
        match self {
            Self::Admin => "admin",
            Self::Read => "read",
            Self::Check => "check",
            Self::End => "end",
        }
    }

    /// The role with this word.
    pub fn from_word(word: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|role| role.word() == word)
    }
}
