//! A mark: the one event that ends sessions, and its line in the audit trail.

use std::net::IpAddr;

use crate::{Anchor, ClientId, DialectName, KeyId, Moment, RealmId, Stamp, UserId, Verdict};

/// Ends every session that has `anchor` among its anchors and an earlier stamp.
///
/// Every kind of logout, in every dialect, raises one mark. There is no other way to end a session.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Mark {
    /// What the mark is raised on.
    pub anchor: Anchor,
    /// The mark's own log position.
    pub at: Stamp,
    /// The realm that the anchor belongs to.
    pub realm: RealmId,
    /// The reason.
    pub why: Why,
    /// Who raised it.
    pub by: By,
    /// The dialect of the request.
    pub via: DialectName,
    /// The caller's address, if known.
    pub from: Option<IpAddr>,
    /// The wall clock when it was raised: for people, never for order.
    pub when: Moment,
}

impl Mark {
    /// What this mark makes of a session that it ends.
    pub fn verdict(&self) -> Verdict {
        if self.why == Why::Expired { Verdict::Expired } else { Verdict::Ended(self.anchor) }
    }
}

/// Who made a call.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum By {
    /// The server itself, in a background task.
    System,
    /// The person whose session it is.
    User(UserId),
    /// An application, with a permanent credential.
    Client(ClientId),
    /// An operator or a program, with a key of the native API.
    Key(KeyId),
}

/// Why a mark was raised. The list is closed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Why {
    /// The session logged itself out.
    LoggedOut,
    /// The user logged out everywhere.
    Everywhere,
    /// The user logged out the other sessions.
    Others,
    /// A password or another credential changed.
    CredentialChanged,
    /// The user was disabled.
    Disabled,
    /// The user was deleted.
    UserDeleted,
    /// The client was removed.
    ClientRemoved,
    /// A one-time token was used again.
    Reuse,
    /// The user had more sessions than allowed.
    Limit,
    /// An operator ended it.
    Admin,
    /// A provider that we rely on ended its session.
    Upstream,
    /// The store was restored from a backup.
    Restored,
    /// The session had expired; recorded because others depend on it. The only reason that [`judge`](crate::judge)
    /// treats differently.
    Expired,
    /// The user withdrew the consent to an application.
    Withdrawn,
}

impl Why {
    /// Every reason. Stores keep the index of a reason in this list, so new ones go to its end.
    pub const ALL: [Self; 14] = [
        Self::LoggedOut,
        Self::Everywhere,
        Self::Others,
        Self::CredentialChanged,
        Self::Disabled,
        Self::UserDeleted,
        Self::ClientRemoved,
        Self::Reuse,
        Self::Limit,
        Self::Admin,
        Self::Upstream,
        Self::Restored,
        Self::Expired,
        Self::Withdrawn,
    ];

    /// The word for this reason on the wire and in stores.
    pub const fn word(self) -> &'static str {
        match self {
            Self::LoggedOut => "logged_out",
            Self::Everywhere => "everywhere",
            Self::Others => "others",
            Self::CredentialChanged => "credential_changed",
            Self::Disabled => "disabled",
            Self::UserDeleted => "user_deleted",
            Self::ClientRemoved => "client_removed",
            Self::Reuse => "reuse",
            Self::Limit => "limit",
            Self::Admin => "admin",
            Self::Upstream => "upstream",
            Self::Restored => "restored",
            Self::Expired => "expired",
            Self::Withdrawn => "withdrawn",
        }
    }

    /// The reason with this word.
    pub fn from_word(word: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|why| why.word() == word)
    }
}
