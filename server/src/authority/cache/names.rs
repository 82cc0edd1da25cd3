//! A cache of user names: the gate returns the name with every call, and a call that passes must not read the store.

use std::collections::HashMap;
use std::sync::{Arc, RwLock};

use exeunt_core::{RealmId, UserId};

use crate::authority::Authority;
use crate::error::Result;
use crate::lock::Shared as _;

/// Largest number of cached names; one more clears the cache.
const NAMES_MAX: usize = 100_000;

/// Names read from the store.
#[derive(Default)]
pub struct Names(RwLock<Known>);

#[derive(Default)]
struct Known {
    names: HashMap<UserId, Option<Arc<str>>>,
    /// How often entries were dropped. A name read before a drop is not cached after it: it may be the old one.
    changes: u64,
}

impl Authority {
    /// The name of a user that was not deleted, if it has one.
    ///
    /// # Errors
    /// `NotFound`, `Unavailable`.
    pub async fn username(&self, realm: RealmId, id: UserId) -> Result<Option<Arc<str>>> {
        let changes = match self.names.of(id) {
            Ok(name) => return Ok(name),
            Err(changes) => changes,
        };
        let name: Option<Arc<str>> = self.user(realm, id).await?.username.map(Arc::from);
        self.names.remember(id, name.clone(), changes);
        Ok(name)
    }
}

impl Names {
    /// Drops this user's name: a change was written, or may have been.
    pub(in crate::authority) fn forget(&self, id: UserId) {
        let mut known = self.0.writing();
        known.names.remove(&id);
        known.changes += 1;
    }

    /// Drops all names: changes of any user may have been written.
    pub(in crate::authority) fn forget_all(&self) {
        let mut known = self.0.writing();
        known.names.clear();
        known.changes += 1;
    }

    /// The name, or the count of drops so far.
    fn of(&self, id: UserId) -> Result<Option<Arc<str>>, u64> {
        let known = self.0.reading();
        known.names.get(&id).cloned().ok_or(known.changes)
    }

    fn remember(&self, id: UserId, name: Option<Arc<str>>, changes: u64) {
        let mut known = self.0.writing();
        if known.changes != changes {
            return;
        }
        if known.names.len() >= NAMES_MAX {
            known.names.clear();
        }
        known.names.insert(id, name);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const ALICE: UserId = UserId([1; 16]);

    #[test]
    fn a_name_that_was_read_before_a_change_is_not_remembered() {
        let names = Names::default();
        let before = names.of(ALICE).unwrap_err();
        names.forget(ALICE);
        names.remember(ALICE, Some("old".into()), before);
        let after = names.of(ALICE).unwrap_err();
        names.remember(ALICE, Some("new".into()), after);
        assert_eq!(names.of(ALICE), Ok(Some("new".into())));
        names.forget(ALICE);
        assert!(names.of(ALICE).is_err());
    }

    #[test]
    fn there_are_never_more_than_the_bound() {
        let names = Names::default();
        for number in 0..=u32::try_from(NAMES_MAX).unwrap() {
            let mut id = [0; 16];
            id[..4].copy_from_slice(&number.to_le_bytes());
            names.remember(UserId(id), None, 0);
        }
        assert_eq!(names.0.read().unwrap().names.len(), 1);
    }
}
