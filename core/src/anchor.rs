//! What a session hangs from. Pull one anchor and it falls.

use std::fmt;

use crate::{ClientId, RealmId, SessionId, UserId};

/// What a session hangs from, and what a mark is raised on.
///
/// Deliberately absent: the number of anchors that a session has. Kinds will be added, and a session also hangs
/// from all anchors of its parent.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Anchor {
    /// Everybody of a tenant.
    Realm(RealmId),
    /// Everybody who uses an application.
    Client(ClientId),
    /// One person, everywhere.
    User(UserId),
    /// One session, and whatever hangs from it.
    Session(SessionId),
}

impl Anchor {
    /// The word for this kind of anchor: `realm`, `client`, `user` or `session`.
    pub const fn kind(self) -> &'static str {
        match self {
            Self::Realm(_) => "realm",
            Self::Client(_) => "client",
            Self::User(_) => "user",
            Self::Session(_) => "session",
        }
    }

    /// The 16 bytes of the id behind this anchor.
    pub const fn id(self) -> [u8; 16] {
        match self {
            Self::Realm(id) => id.0,
            Self::Client(id) => id.0,
            Self::User(id) => id.0,
            Self::Session(id) => id.0,
        }
    }

    /// The anchor of this kind and id, `None` for another word.
    pub fn from_parts(kind: &str, id: [u8; 16]) -> Option<Self> {
        Some(match kind {
            "realm" => Self::Realm(RealmId(id)),
            "client" => Self::Client(ClientId(id)),
            "user" => Self::User(UserId(id)),
            "session" => Self::Session(SessionId(id)),
            _ => return None,
        })
    }
}

impl fmt::Display for Anchor {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {}", self.kind(), UserId(self.id()))
    }
}
