//! What users have allowed clients, and the keys that seal tokens.

use exeunt_core::{ClientId, ConsentId, Moment, RealmId, UserId};

use super::Raise;

/// That a user has allowed a client to act for them. It is there until it is withdrawn, or its user is deleted.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Consent {
    /// The realm of both.
    pub realm: RealmId,
    /// The user.
    pub user: UserId,
    /// The client.
    pub client: ClientId,
    /// The scopes that it is for.
    pub scopes: Vec<String>,
    /// The resources that it is for.
    pub resources: Vec<String>,
    /// When it was given or changed last.
    pub at: Moment,
    /// Assigned by the store at each change, growing and never reused; 0 before the first.
    pub version: u64,
}

impl Consent {
    /// Its id: that of its anchor.
    pub fn id(&self) -> ConsentId {
        ConsentId::of(self.user, self.client)
    }
}

/// A sealing key of a realm as it is stored: encrypted.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct WrappedKey {
    /// The realm whose tokens it seals.
    pub realm: RealmId,
    /// Its number in the realm; later ones have greater numbers.
    pub number: u32,
    /// When it was made.
    pub made_at: Moment,
    /// The key, encrypted under a secret that the store does not have.
    pub wrapped: Vec<u8>,
}

/// A sealing key to be stored.
#[derive(Clone, Debug)]
pub struct SecretChange {
    /// The key.
    pub key: WrappedKey,
    /// The same key as it is stored now, if it was only encrypted again; `None`: it is new, and its number the greatest.
    pub replaces: Option<Vec<u8>>,
    /// The realm's keys with a smaller number are deleted: what they sealed is void.
    pub keep_from: u32,
    /// Marks that commit with it.
    pub raises: Vec<Raise>,
}
