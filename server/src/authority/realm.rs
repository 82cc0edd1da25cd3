//! Realms: create · change · find · list. A realm has one built-in client for each dialect that has such clients.

use std::sync::{Arc, RwLock};

use exeunt_core::{Anchor, DialectName, RealmId};

use crate::authority::{Authority, Call};
use crate::error::{Error, Kind, Result};
use crate::lock::Shared as _;
use crate::store::{Client, Realm, Settings, Usernames};

/// The realm that always exists.
pub const MAIN: &str = "main";
/// The largest number of realms on a server.
pub const REALMS_MAX: usize = 1_000;
/// The longest name of a realm, in bytes.
pub const REALM_NAME_BYTES_MAX: usize = 64;

/// All realms.
#[derive(Default)]
pub struct Realms(RwLock<Vec<Arc<Realm>>>);

/// A built-in client: every realm has one, shared by all callers of its dialect.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Builtin {
    /// The dialect.
    pub dialect: DialectName,
    /// The idle limit of its sessions in seconds; 0: none.
    pub idle_secs: u32,
    /// The absolute limit of its sessions in seconds; 0: none.
    pub absolute_secs: u32,
}

impl Authority {
    /// Creates a realm with its built-in clients.
    ///
    /// # Errors
    /// `Malformed("name")`, `Conflict("name")`, `Unavailable`.
    pub async fn create_realm(&self, call: &Call, name: &str) -> Result<Arc<Realm>> {
        let lawful = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'-';
        if name.is_empty() || name.len() > REALM_NAME_BYTES_MAX || !name.bytes().all(lawful) {
            return Err(Error::malformed(
                "name",
                "this is not the name of a realm; expected 1 to 64 of a-z, 0-9 and -",
            ));
        }
        if self.realms().len() >= REALMS_MAX {
            return Err(Error::malformed(
                "name",
                format!("there are {REALMS_MAX} realms already, the most a server can have"),
            ));
        }
        if self.realm(name).is_ok() {
            return Err(Error::new(
                Kind::Conflict("name"),
                "a realm with this name exists already; choose another name",
            ));
        }
        let (id, name) = (call.mint.realm_id(), name.to_owned());
        let realm = Realm { id, name, usernames: Usernames::Exact, created_at: call.now, version: 0 };
        let clients: Vec<_> = self.builtins.iter().map(|builtin| builtin.client(call, realm.id)).collect();
        let audit = call.audit(Some(realm.id), "realm.create", &Anchor::Realm(realm.id));
        let _writing = self.may_write(call).await?;
        self.settle(self.store.create_realm(realm.clone(), clients.clone(), Some(audit)).await)?;
        // The store gave the first version.
        clients.into_iter().for_each(|client| drop(self.clients.put(Client { version: 1, ..client })));
        Ok(self.realms.put(Realm { version: 1, ..realm }))
    }

    /// Changes how a realm's user names are compared.
    ///
    /// # Errors
    /// `NotFound`; `Conflict("usernames")` with examples, while two names differ only in case; `Unavailable`.
    pub async fn change_realm(&self, call: &Call, id: RealmId, usernames: Usernames) -> Result<Arc<Realm>> {
        let before = self.realms().into_iter().find(|realm| realm.id == id);
        let before = before.ok_or_else(|| Error::not_found("realm"))?;
        let audit = call.audit(Some(id), "realm.change", &Anchor::Realm(id));
        let after = Realm { usernames, ..Realm::clone(&before) };
        let _writing = self.may_write(call).await?;
        let saved = self.settle(self.store.save_realm(after, Some(audit)).await)?;
        Ok(self.realms.put(saved))
    }

    /// How a realm's user names are compared.
    pub fn usernames(&self, realm: RealmId) -> Usernames {
        let all = self.realms.0.reading();
        all.iter().find(|known| known.id == realm).map_or_else(Usernames::default, |known| known.usernames)
    }

    /// The realm of this name.
    ///
    /// # Errors
    /// `NotFound`.
    pub fn realm(&self, name: &str) -> Result<Arc<Realm>> {
        let all = self.realms.0.reading();
        all.iter().find(|realm| realm.name == name).cloned().ok_or_else(|| Error::not_found("realm"))
    }

    /// All realms, oldest first.
    pub fn realms(&self) -> Vec<Arc<Realm>> {
        self.realms.0.reading().clone()
    }
}

impl Realms {
    /// Caches a stored realm, unless a later version of it is cached.
    pub fn put(&self, realm: Realm) -> Arc<Realm> {
        let mut all = self.0.writing();
        let realm = Arc::new(realm);
        match all.iter_mut().find(|known| known.id == realm.id) {
            Some(known) if known.version >= realm.version => return known.clone(),
            Some(known) => known.clone_from(&realm),
            None => all.push(realm.clone()),
        }
        realm
    }
}

impl Builtin {
    /// The client for a realm, not yet stored.
    pub(super) fn client(&self, call: &Call, realm: RealmId) -> Client {
        Client {
            builtin: true,
            idle_secs: self.idle_secs,
            absolute_secs: self.absolute_secs,
            ..Client::usual(call, realm, self.dialect, self.dialect.name(), Settings::default())
        }
    }
}
