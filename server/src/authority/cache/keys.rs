//! The keys in memory, by fingerprint.

use std::collections::{HashMap, HashSet};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, RwLock};

use exeunt_core::{Fingerprint, KeyId};
use sha2::{Digest, Sha256};
use tokio::sync::watch;

use crate::lock::Shared as _;
use crate::store::Key;

/// All keys: those in the store, and those given by the environment, which are valid while they are set.
#[derive(Default)]
pub struct Keys {
    stored: Table,
    given: Table,
    /// How often either table has changed.
    changes: AtomicU64,
    /// Wakes tasks that wait for a change.
    changed: watch::Sender<()>,
    /// Hashed into the ids of given keys; kept in the store, so that an id is the same after a restart.
    pub(in crate::authority) secret: [u8; 32],
    /// Those removed since the start: a call that one of them began earlier may still be about to write.
    removed: RwLock<HashSet<KeyId>>,
    /// Held exclusively while a key is removed, and shared while anything is written for a key: what a key writes is
    /// written before its removal is acknowledged, or not at all. Also shared while a key is written and added to
    /// memory, since otherwise one that is removed right after it was written could be added afterwards.
    pub(in crate::authority) writing: Arc<tokio::sync::RwLock<()>>,
}

type Table = RwLock<HashMap<Fingerprint, Arc<Key>>>;

impl Keys {
    /// The id of a key that the environment gives.
    pub(in crate::authority) fn given_id(&self, fingerprint: &Fingerprint) -> KeyId {
        let digest = Sha256::new().chain_update(self.secret).chain_update(fingerprint.0).finalize();
        let mut id = [0; 16];
        id.copy_from_slice(&digest[..16]);
        KeyId(id)
    }

    /// How often the keys have changed.
    pub(in crate::authority) fn changes(&self) -> u64 {
        self.changes.load(Ordering::SeqCst)
    }

    /// Wakes at each change.
    pub(in crate::authority) fn subscribe(&self) -> watch::Receiver<()> {
        self.changed.subscribe()
    }

    /// The stored keys, before the store is read again.
    pub fn known(&self) -> Vec<KeyId> {
        self.stored.reading().values().map(|key| key.id).collect()
    }

    /// Updates the keys from the store: of the `known` ones, those no longer stored are dropped.
    pub fn align(&self, known: &[KeyId], stored: Vec<Key>) {
        let gone = known.iter().filter(|id| stored.iter().all(|key| key.id != **id));
        gone.for_each(|id| self.drop(*id));
        stored.into_iter().for_each(|key| self.put(key));
    }

    /// Whether a key is stored under this id, as far as memory knows.
    pub(in crate::authority) fn is_stored(&self, id: KeyId) -> bool {
        self.stored.reading().values().any(|key| key.id == id)
    }

    /// Whether the environment also gives the key stored under this id.
    pub(in crate::authority) fn is_given_too(&self, id: KeyId) -> bool {
        let stored = self.stored.reading().values().find(|key| key.id == id).map(|key| key.fingerprint);
        stored.is_some_and(|fingerprint| self.given.reading().contains_key(&fingerprint))
    }

    /// Whether a key was removed since the start.
    pub(in crate::authority) fn was_removed(&self, id: KeyId) -> bool {
        self.removed.reading().contains(&id)
    }

    /// Drops a key that was removed.
    pub(in crate::authority) fn drop(&self, id: KeyId) {
        let mut stored = self.stored.writing();
        self.removed.writing().insert(id);
        stored.retain(|_, key| key.id != id);
        drop(stored);
        self.publish();
    }

    /// Adds a stored key, unless it was removed: it may have been read from the store before that.
    pub(in crate::authority) fn put(&self, key: Key) {
        // Under the lock of the table, as in `drop`.
        let mut stored = self.stored.writing();
        if !self.was_removed(key.id) {
            stored.insert(key.fingerprint, Arc::new(key));
        }
        drop(stored);
        self.publish();
    }

    /// Adds a key that the environment gives.
    pub(in crate::authority) fn give(&self, key: Key) {
        self.given.writing().insert(key.fingerprint, Arc::new(key));
        self.publish();
    }

    fn publish(&self) {
        self.changes.fetch_add(1, Ordering::SeqCst);
        self.changed.send_replace(());
    }

    /// The key with this fingerprint.
    pub(in crate::authority) fn find(&self, fingerprint: &Fingerprint) -> Option<Arc<Key>> {
        let stored = self.stored.reading().get(fingerprint).cloned();
        stored.or_else(|| self.given.reading().get(fingerprint).cloned())
    }

    /// All keys, in any order.
    pub(in crate::authority) fn all(&self) -> Vec<Arc<Key>> {
        self.stored.reading().values().chain(self.given.reading().values()).cloned().collect()
    }
}

#[cfg(test)]
mod tests {
    use exeunt_core::Moment;

    use super::*;
    use crate::store::Role;

    fn key(number: u8) -> Key {
        Key {
            id: KeyId([number; 16]),
            name: String::new(),
            role: Role::Admin,
            realm: None,
            fingerprint: Fingerprint([number; 32]),
            created_at: Moment::from_secs(0),
        }
    }

    #[test]
    fn a_key_that_is_gone_from_the_store_goes_and_one_made_meanwhile_stays() {
        let keys = Keys::default();
        keys.give(key(9));
        [key(1), key(2)].into_iter().for_each(|key| keys.put(key));
        let known = keys.known();
        keys.put(key(3));
        // Read from the store before the third was created there; the first has been removed from it.
        keys.align(&known, vec![key(2), key(4)]);
        let opens = |number: u8| keys.find(&Fingerprint([number; 32])).is_some();
        assert_eq!([1, 2, 3, 4, 9].map(opens), [false, true, true, true, true]);
    }

    #[test]
    fn a_key_that_was_removed_while_the_store_was_read_stays_removed() {
        let keys = Keys::default();
        keys.put(key(1));
        let (known, read) = (keys.known(), vec![key(1)]);
        keys.drop(key(1).id);
        keys.align(&known, read);
        assert!(keys.find(&key(1).fingerprint).is_none());
    }
}
