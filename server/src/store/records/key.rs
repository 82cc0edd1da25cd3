//! A key of the native API as it is kept.

use exeunt_core::{Fingerprint, KeyId, Moment, RealmId};

/// What a caller of the native API proves itself with; only its fingerprint is kept.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Key {
    /// Its name for programs.
    pub id: KeyId,
    /// Its name for people.
    pub name: String,
    /// What its holder may do.
    pub role: Role,
    /// The one realm that it opens; `None`: all.
    pub realm: Option<RealmId>,
    /// What the presented key is looked up by.
    pub fingerprint: Fingerprint,
    /// When it was made.
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

    /// The word for this role.
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
