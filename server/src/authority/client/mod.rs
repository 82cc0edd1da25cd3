//! Clients: create · change · remove · find · list. There are few, so all of them are in memory.

pub mod settings;

use std::collections::{HashMap, HashSet};
use std::sync::{Arc, Mutex, RwLock};

use exeunt_core::{Anchor, ClientId, DialectName, RealmId, Stamp, Why};

use crate::authority::naming::must_be_name;
use crate::authority::{Authority, Call};
use crate::error::{Error, Result};
use crate::lock::{Exclusive as _, Shared as _};
use crate::store::rules::name;
use crate::store::{Client, Saved, Settings, USER_SESSIONS_MAX};

/// The largest number of clients on a server.
pub const CLIENTS_MAX: usize = 10_000;
/// The default idle limit of sessions, in seconds.
pub const IDLE_SECS: u32 = 3600;
/// The default absolute limit of sessions, in seconds.
pub const ABSOLUTE_SECS: u32 = 86_400;
/// The default for how many sessions one user may have alive at once with a client.
pub const SESSIONS_MAX: u32 = USER_SESSIONS_MAX;
/// The longest name of a client, in bytes.
pub const CLIENT_NAME_BYTES_MAX: usize = 100;

/// All clients, by id.
#[derive(Default)]
pub struct Clients {
    all: RwLock<HashMap<ClientId, Arc<Client>>>,
    /// Those removed since the start. Changed under the lock of `all`.
    removed: Mutex<HashSet<ClientId>>,
    changing: Mutex<Vec<Stamp>>,
}

/// A change of a client in progress: evidence that is read meanwhile may be old.
pub(super) struct Changing<'a>(&'a Clients, Stamp);

/// A change of a client; a field that is `None` stays as it is.
#[derive(Default)]
pub struct ClientChange {
    /// Its name, unique in the realm.
    pub name: Option<String>,
    /// The idle limit of its sessions in seconds; 0: none. Applies to sessions issued from then on.
    pub idle_secs: Option<u32>,
    /// The absolute limit of its sessions in seconds; 0: none. Applies to sessions issued from then on.
    pub absolute_secs: Option<u32>,
    /// How many sessions one user may have alive at once.
    pub sessions_max: Option<u32>,
    /// What its dialect keeps of it.
    pub settings: Option<Settings>,
    /// The settings have a new secret, which ends the client's sessions.
    pub secret_replaced: bool,
}

impl Authority {
    /// Creates a client of a dialect.
    ///
    /// # Errors
    /// `Malformed(field)`, `Conflict(field)`, `Unavailable`.
    pub async fn create_client(&self, call: &Call, client: Client) -> Result<Arc<Client>> {
        if self.clients.len() >= CLIENTS_MAX {
            return Err(Error::malformed(
                "name",
                format!(
                    "there are {CLIENTS_MAX} clients already, the most a server can have; remove one first"
                ),
            ));
        }
        let client = Client { name: name::composed(&client.name), ..client };
        must_be_name_of_client(&client.name)?;
        must_allow_some(client.sessions_max)?;
        let audit = call.audit(Some(client.realm), "client.create", &Anchor::Client(client.id));
        let _writing = self.may_write(call).await?;
        let saved = self.settle(self.store.save_client(client, None, Some(audit)).await)?;
        Ok(self.clients.put(saved.record))
    }

    /// Changes a client. A replaced secret ends all its sessions, in the same transaction.
    ///
    /// # Errors
    /// `NotFound`, `Malformed(field)` (the lifetimes of a built-in client are configuration), `Conflict(field)`,
    /// `Unavailable`.
    pub async fn change_client(
        &self,
        call: &Call,
        realm: RealmId,
        id: ClientId,
        change: ClientChange,
    ) -> Result<Saved<Client>> {
        let before = self.client(realm, id)?;
        if before.builtin && (change.idle_secs.is_some() || change.absolute_secs.is_some()) {
            let rule = "the lifetimes of a built-in client come from the configuration; set idle_secs and \
                        absolute_secs of its dialect there";
            return Err(Error::malformed("idle_secs", rule));
        }
        // What the client has already may be older than the rules, and changes nothing.
        let name = change.name.filter(|name| *name != before.name);
        let given_max = change.sessions_max.filter(|max| *max != before.sessions_max);
        let after = Client {
            name: name.map_or_else(|| before.name.clone(), |name| name::composed(&name)),
            idle_secs: change.idle_secs.unwrap_or(before.idle_secs),
            absolute_secs: change.absolute_secs.unwrap_or(before.absolute_secs),
            sessions_max: change.sessions_max.unwrap_or(before.sessions_max),
            settings: change.settings.unwrap_or_else(|| before.settings.clone()),
            updated_at: call.now,
            ..Client::clone(&before)
        };
        if after.name != before.name {
            must_be_name_of_client(&after.name)?;
        }
        given_max.map_or(Ok(()), must_allow_some)?;
        let why = change.secret_replaced.then_some(Why::CredentialChanged);
        self.save_client(call, after, why, "client.change").await
    }

    /// Removes a client; all its sessions end.
    ///
    /// # Errors
    /// `NotFound`, `Malformed` for a built-in client, `Unavailable`.
    pub async fn remove_client(&self, call: &Call, realm: RealmId, id: ClientId) -> Result<Saved<Client>> {
        let client = self.client(realm, id)?;
        if client.builtin {
            return Err(Error::malformed(
                "id",
                "a built-in client cannot be removed; switch its dialect off instead",
            ));
        }
        let removed = Client { removed: true, updated_at: call.now, ..Client::clone(&client) };
        self.save_client(call, removed, Some(Why::ClientRemoved), "client.remove").await
    }

    /// One client of a realm.
    ///
    /// # Errors
    /// `NotFound`.
    pub fn client(&self, realm: RealmId, id: ClientId) -> Result<Arc<Client>> {
        self.clients
            .find(|client| client.id == id && client.realm == realm)
            .ok_or_else(|| Error::not_found("client"))
    }

    /// The built-in client of a dialect in a realm.
    ///
    /// # Errors
    /// `NotFound` if the realm does not exist.
    pub fn builtin_client(&self, realm: RealmId, dialect: DialectName) -> Result<Arc<Client>> {
        self.clients
            .find(|client| client.builtin && client.dialect == dialect && client.realm == realm)
            .ok_or_else(|| Error::not_found("client"))
    }

    /// The client of a dialect in a realm that its dialect wants.
    pub fn find_client(
        &self,
        realm: RealmId,
        dialect: DialectName,
        wanted: impl Fn(&Client) -> bool,
    ) -> Option<Arc<Client>> {
        self.clients.find(|client| client.realm == realm && client.dialect == dialect && wanted(client))
    }

    /// All clients of a realm, by name.
    pub fn clients(&self, realm: RealmId) -> Vec<Arc<Client>> {
        self.clients.of(realm)
    }

    /// The clients of a realm with this name: at most one.
    pub fn clients_called(&self, realm: RealmId, name: &str) -> Vec<Arc<Client>> {
        let name = name::composed(name);
        self.clients.of(realm).into_iter().filter(|client| client.name == name).collect()
    }

    async fn save_client(
        &self,
        call: &Call,
        client: Client,
        why: Option<Why>,
        what: &str,
    ) -> Result<Saved<Client>> {
        let (realm, anchor) = (client.realm, Anchor::Client(client.id));
        let raise = why.map(|why| call.raise(anchor, realm, why));
        let audit = call.audit(Some(realm), what, &anchor);
        let _writing = self.may_write(call).await?;
        // A login that knows the mark's stamp must not have read the old client.
        let changing = self.clients.changing(|| self.memory.position());
        let saved = self.settle(self.store.save_client(client, raise, Some(audit)).await)?;
        self.clients.put(saved.record.clone());
        drop(changing);
        saved.mark.iter().for_each(|mark| self.applied(mark));
        Ok(saved)
    }
}

impl Clients {
    /// Caches a stored client, unless a later version of it is cached or it was removed: it may have been read from the
    /// store before that. Drops a removed one.
    pub fn put(&self, client: Client) -> Arc<Client> {
        let client = Arc::new(client);
        let mut all = self.all.writing();
        if all.get(&client.id).is_some_and(|known| known.version > client.version) {
            return client;
        }
        if client.removed {
            self.removed.hold().insert(client.id);
            all.remove(&client.id);
        } else if !self.removed.hold().contains(&client.id) {
            all.insert(client.id, client.clone());
        }
        client
    }

    /// The clients, before the store is read again.
    pub fn known(&self) -> Vec<ClientId> {
        self.all.reading().keys().copied().collect()
    }

    /// Updates the clients from the store: of the `known` ones, those no longer stored are dropped.
    pub fn align(&self, known: &[ClientId], stored: Vec<Client>) {
        let there: HashSet<_> = stored.iter().map(|client| client.id).collect();
        let mut all = self.all.writing();
        known.iter().filter(|id| !there.contains(id)).for_each(|id| drop(all.remove(id)));
        drop(all);
        stored.into_iter().for_each(|client| drop(self.put(client)));
    }

    /// Begins a change. Evidence read until the result is dropped is only as fresh as the position now.
    pub(super) fn changing(&self, position: impl FnOnce() -> Stamp) -> Changing<'_> {
        let mut changing = self.changing.hold();
        let at = position();
        changing.push(at);
        Changing(self, at)
    }

    /// The last position before a client is read as evidence, given the last known position.
    pub(super) fn evidence(&self, position: impl FnOnce() -> Stamp) -> Stamp {
        let changing = self.changing.hold();
        changing.iter().copied().min().unwrap_or(Stamp::from_number(u64::MAX)).min(position())
    }

    fn len(&self) -> usize {
        self.all.reading().len()
    }

    fn find(&self, wanted: impl Fn(&Client) -> bool) -> Option<Arc<Client>> {
        self.all.reading().values().find(|client| wanted(client)).cloned()
    }

    fn of(&self, realm: RealmId) -> Vec<Arc<Client>> {
        let all = self.all.reading();
        let mut found: Vec<_> = all.values().filter(|client| client.realm == realm).cloned().collect();
        found.sort_by(|a, b| (&a.name, a.id).cmp(&(&b.name, b.id)));
        found
    }
}

impl Drop for Changing<'_> {
    fn drop(&mut self) {
        let mut changing = self.0.changing.hold();
        if let Some(at) = changing.iter().position(|stamp| *stamp == self.1) {
            changing.swap_remove(at);
        }
    }
}

impl Client {
    /// A client of a dialect with the default lifetimes, not yet stored.
    pub fn usual(call: &Call, realm: RealmId, dialect: DialectName, name: &str, settings: Settings) -> Self {
        Self {
            id: call.mint.client_id(),
            realm,
            name: name.to_owned(),
            dialect,
            builtin: false,
            idle_secs: IDLE_SECS,
            absolute_secs: ABSOLUTE_SECS,
            sessions_max: SESSIONS_MAX,
            settings,
            removed: false,
            created_at: call.now,
            updated_at: call.now,
            version: 0,
        }
    }
}

/// A client that was created before this limit existed keeps its value until that is changed.
fn must_allow_some(sessions_max: u32) -> Result<()> {
    match sessions_max {
        0 => Err(Error::malformed("max_sessions", "max_sessions is 0; expected at least 1")),
        1..=USER_SESSIONS_MAX => Ok(()),
        _ => Err(Error::malformed(
            "max_sessions",
            format!(
                "max_sessions is {sessions_max}; expected at most {USER_SESSIONS_MAX}, which is what a user may have \
                 with all clients together"
            ),
        )),
    }
}

fn must_be_name_of_client(name: &str) -> Result<()> {
    if name.is_empty() || name.len() > CLIENT_NAME_BYTES_MAX {
        return Err(Error::malformed(
            "name",
            format!("the name is empty or too long; expected 1 to {CLIENT_NAME_BYTES_MAX} bytes"),
        ));
    }
    must_be_name("name", name)
}

#[cfg(test)]
mod tests;
