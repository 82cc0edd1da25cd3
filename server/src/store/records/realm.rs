//! A stored realm.

use exeunt_core::{Moment, RealmId};

/// An isolated tenant: its users, clients, sessions and keys.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Realm {
    /// Its id, for programs.
    pub id: RealmId,
    /// Its name, for people; unique: 1 to 64 of lower-case letters, digits and `-`. Never changed.
    pub name: String,
    /// How it compares user names.
    pub usernames: Usernames,
    /// When it was created.
    pub created_at: Moment,
    /// How often it was written; 0: never.
    pub version: u64,
}

/// How user names are compared.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum Usernames {
    /// Letter by letter: `Alice` and `alice` are two users.
    #[default]
    Exact,
    /// Without case: `Alice` is `alice`.
    IgnoreCase,
}

impl Usernames {
    /// Every variant.
    pub const ALL: [Self; 2] = [Self::Exact, Self::IgnoreCase];

    /// The word in the store and on the wire.
    pub const fn word(self) -> &'static str {
        match self {
            Self::Exact => "exact",
            Self::IgnoreCase => "ignore_case",
        }
    }

    /// The variant with this word.
    pub fn from_word(word: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|usernames| usernames.word() == word)
    }
}
