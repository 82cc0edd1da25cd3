//! A realm as it is kept.

use exeunt_core::{Moment, RealmId};

/// An isolated tenant: its users, clients, sessions and keys.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Realm {
    /// Its name for programs.
    pub id: RealmId,
    /// Its name for people, unique: 1 to 64 of lower-case letters, digits and `-`. Never changed.
    pub name: String,
    /// How its user names are compared.
    pub usernames: Usernames,
    /// When it was made.
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
    /// All of them.
    pub const ALL: [Self; 2] = [Self::Exact, Self::IgnoreCase];

    /// Its word, in the store and on the wire.
    pub const fn word(self) -> &'static str {
        match self {
            Self::Exact => "exact",
            Self::IgnoreCase => "ignore_case",
        }
    }

    /// The one that this word names.
    pub fn from_word(word: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|usernames| usernames.word() == word)
    }
}
