//! Keys of the native API: create · remove · find · list. All of them are in memory, by fingerprint.

use std::sync::{Arc, Mutex};

use exeunt_core::{By, KeyId, Moment, RealmId, Token};
use subtle::ConstantTimeEq;
use tokio::sync::OwnedRwLockReadGuard;

use crate::authority::naming::must_be_name;
use crate::authority::{Authority, Call};
use crate::error::{Error, Kind, Result};
use crate::lock::Exclusive as _;
use crate::store::rules::name;
use crate::store::{Key, Role};

/// The largest number of keys on a server.
pub const KEYS_MAX: usize = 10_000;
/// The shortest key that the environment may give, in characters.
pub const GIVEN_KEY_CHARS_MIN: usize = 32;

/// The last key accepted on a connection. A caller that presents the same text again, as gateways do with every check,
/// is recognised without hashing. The text stays in memory while the connection is open.
#[derive(Clone, Default)]
pub struct Proven(Arc<Mutex<Option<Proof>>>);

struct Proof {
    text: Box<[u8]>,
    key: Arc<Key>,
    /// The count of changes before the lookup.
    changes: u64,
}

/// A key that was presented, and the count of changes at that time.
#[derive(Clone)]
pub struct Presented {
    /// The key.
    pub key: Arc<Key>,
    changes: u64,
}

impl Authority {
    /// Creates a key. The text is returned this once; only its fingerprint is stored.
    ///
    /// # Errors
    /// `Malformed` if there are too many, `Unavailable`.
    pub async fn create_key(
        &self,
        call: &Call,
        name: &str,
        role: Role,
        realm: Option<RealmId>,
    ) -> Result<(Key, Token)> {
        let (key, text) = self.mint_key(call, name, role, realm)?;
        self.add_key(call, key.clone()).await?;
        Ok((key, text))
    }

    /// Makes a key that is not valid before [`Authority::add_key`], for callers that must first store its text safely.
    ///
    /// # Errors
    /// `Malformed` if there are too many.
    pub fn mint_key(
        &self,
        call: &Call,
        name: &str,
        role: Role,
        realm: Option<RealmId>,
    ) -> Result<(Key, Token)> {
        if self.keys.all().len() >= KEYS_MAX {
            return Err(Error::malformed(
                "name",
                format!("there are {KEYS_MAX} keys already, the most a server can have; remove one first"),
            ));
        }
        let name = name::composed(name);
        if name.len() > super::client::CLIENT_NAME_BYTES_MAX {
            return Err(Error::malformed("name", "the name is too long; expected at most 100 bytes"));
        }
        must_be_name("name", &name)?;
        let text = call.mint.key();
        let key = Key {
            id: call.mint.key_id(),
            name,
            role,
            realm,
            fingerprint: text.fingerprint(),
            created_at: call.now,
        };
        Ok((key, text))
    }

    /// Stores a key: once this returns, it is valid.
    ///
    /// # Errors
    /// `Unavailable`.
    pub async fn add_key(&self, call: &Call, key: Key) -> Result<()> {
        let audit = call.audit(key.realm, "key.create", &format_args!("key {}", key.id));
        let _writing = self.keys.writing.read().await;
        self.caller_must_still_hold(call)?;
        self.settle(self.store.add_key(key.clone(), Some(audit)).await)?;
        self.keys.put(key);
        Ok(())
    }

    /// Removes a key: once this returns, it is invalid, and the streams that it opened end.
    ///
    /// # Errors
    /// `NotFound`, also for a key that only the environment gives; `Conflict` for one that the environment gives as
    /// well, since it would stay valid; `Unavailable`.
    pub async fn remove_key(&self, call: &Call, id: KeyId) -> Result<()> {
        let _writing = self.keys.writing.write().await;
        self.caller_must_still_hold(call)?;
        if self.keys.is_given_too(id) {
            let rule = "this key is also set in EXEUNT_ADMIN_KEY; remove it from that variable, restart the \
                        server, then remove it here";
            return Err(Error::new(Kind::Conflict("key"), rule));
        }
        let realm = self.keys.all().into_iter().find(|key| key.id == id).and_then(|key| key.realm);
        let audit = call.audit(realm, "key.remove", &format_args!("key {id}"));
        let found = self.settle(self.store.remove_key(id, Some(audit)).await)?;
        // Also if only memory knows it: an earlier removal may have been cut short. A key that only the environment gives
        // stays as it is.
        if found || self.keys.is_stored(id) {
            self.keys.drop(id);
        }
        if found { Ok(()) } else { Err(Error::not_found("key")) }
    }

    /// Finds the key with this text.
    ///
    /// # Errors
    /// `Unauthenticated`.
    pub fn key(&self, presented: &str) -> Result<Arc<Key>> {
        // Keys from the environment have no checksum, so none is verified: a mistyped key is in no table either.
        let key = Token::presented(presented).and_then(|token| self.keys.find(&token.fingerprint()));
        key.ok_or_else(|| Error::new(Error::unauthenticated().kind(), "the key is not valid"))
    }

    /// Finds the key with this text, on a connection that may have proven one before.
    ///
    /// # Errors
    /// As [`Authority::key`].
    pub fn key_again(&self, proven: &Proven, presented: &str) -> Result<Arc<Key>> {
        let mut last = proven.0.hold();
        let changes = self.keys.changes();
        if let Some(proof) = &*last
            && proof.changes == changes
            // In a time that depends only on the lengths.
            && bool::from(proof.text.ct_eq(presented.as_bytes()))
        {
            return Ok(proof.key.clone());
        }
        let key = self.key(presented)?;
        *last = Some(Proof { text: presented.as_bytes().into(), key: key.clone(), changes });
        Ok(key)
    }

    /// Whether this key is still valid: for long responses.
    pub fn key_holds(&self, key: &Key) -> bool {
        self.keys.find(&key.fingerprint).is_some()
    }

    /// Returns when this key is no longer valid.
    pub async fn key_gone(&self, key: &Key) {
        // Subscribes first, so that a removal between the check and the wait is not missed.
        let mut changed = self.keys.subscribe();
        while self.key_holds(key) {
            if changed.changed().await.is_err() {
                return;
            }
        }
    }

    /// How often the keys have changed. Read it before a lookup to find out later whether to look again.
    pub fn key_changes(&self) -> u64 {
        self.keys.changes()
    }

    /// Refuses a key that was removed since it was presented, for example while the request body arrived.
    ///
    /// # Errors
    /// `Unauthenticated`.
    pub fn must_still_hold(&self, presented: &Presented) -> Result<()> {
        if presented.changes == self.key_changes() || self.key_holds(&presented.key) {
            return Ok(());
        }
        Err(removed())
    }

    /// Refuses what a key was about to write when it was removed, and keeps any key from being removed while the result
    /// is held: take it right before the store is called, after everything that takes long. Logouts do not take it.
    ///
    /// # Errors
    /// `Unauthenticated`.
    pub(super) async fn may_write(&self, call: &Call) -> Result<Option<OwnedRwLockReadGuard<()>>> {
        if !matches!(call.by, By::Key(_)) {
            return Ok(None);
        }
        let writing = self.keys.writing.clone().read_owned().await;
        self.caller_must_still_hold(call).map(|()| Some(writing))
    }

    fn caller_must_still_hold(&self, call: &Call) -> Result<()> {
        match call.by {
            By::Key(id) if self.keys.was_removed(id) => Err(removed()),
            _ => Ok(()),
        }
    }

    /// Whether this text is a key that may end sessions: its caller is served even when the server is full.
    pub fn administers(&self, presented: &str) -> bool {
        self.key(presented).is_ok_and(|key| matches!(key.role, Role::Admin | Role::End))
    }

    /// All keys, oldest first.
    pub fn keys(&self) -> Vec<Arc<Key>> {
        let mut all = self.keys.all();
        all.sort_by_key(|key| (key.created_at, key.id));
        all
    }

    /// Adds keys given by the environment: full administrators of all realms, not stored. The id of each is the same at
    /// every start on the same store, so the audit trail distinguishes them; without the store's secret the id reveals
    /// nothing about the key.
    pub fn give_keys(&self, texts: &[Token], now: Moment) {
        for text in texts {
            let fingerprint = text.fingerprint();
            let name = "environment".to_owned();
            let (id, role) = (self.keys.given_id(&fingerprint), Role::Admin);
            self.keys.give(Key { id, name, role, realm: None, fingerprint, created_at: now });
        }
    }
}

impl Presented {
    /// A key that was looked up after this many changes.
    pub const fn new(key: Arc<Key>, changes: u64) -> Self {
        Self { key, changes }
    }
}

/// The error for a key that was removed while it was in use.
pub fn removed() -> Error {
    Error::new(Error::unauthenticated().kind(), "the key was removed while the request was in progress")
}
