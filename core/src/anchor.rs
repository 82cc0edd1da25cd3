//! What a session depends on. A mark on one of its anchors ends it.

use std::fmt;

use crate::{ClientId, ConsentId, RealmId, SessionId, UserId};

/// Something a session depends on, and something a mark is raised on.
///
/// The number of anchors of a session is deliberately not fixed: kinds will be added, and a session also has all
/// anchors of its parent.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Anchor {
    /// All sessions of a tenant.
    Realm(RealmId),
    /// All sessions used with an application.
    Client(ClientId),
    /// All sessions of one person.
    User(UserId),
    /// All sessions that one person has allowed one application.
    Consent(ConsentId),
    /// One session, and its children.
    Session(SessionId),
}

impl Anchor {
    /// The word for this kind of anchor: `realm`, `client`, `user`, `consent` or `session`.
    pub const fn kind(self) -> &'static str {
        match self {
            Self::Realm(_) => "realm",
            Self::Client(_) => "client",
            Self::User(_) => "user",
            Self::Consent(_) => "consent",
            Self::Session(_) => "session",
        }
    }

    /// The 16 bytes of the id behind this anchor.
    pub const fn id(self) -> [u8; 16] {
        match self {
            Self::Realm(id) => id.0,
            Self::Client(id) => id.0,
            Self::User(id) => id.0,
            Self::Consent(id) => id.0,
            Self::Session(id) => id.0,
        }
    }

    /// The anchor of this kind and id, `None` if the kind is unknown.
    pub fn from_parts(kind: &str, id: [u8; 16]) -> Option<Self> {
        Some(match kind {
            "realm" => Self::Realm(RealmId(id)),
            "client" => Self::Client(ClientId(id)),
            "user" => Self::User(UserId(id)),
            "consent" => Self::Consent(ConsentId(id)),
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
