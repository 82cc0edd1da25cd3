//! Realms, users, clients, keys, and who changed them.

use async_trait::async_trait;
use exeunt_core::{ClientId, KeyId, Mark, RealmId, UserId};

use super::{MemoryStore, Tables, count};
use crate::error::Result;
use crate::store::rules::rows::Rows as _;
use crate::store::rules::{accounts, consents, name};
use crate::store::{
    AuditEntry, AuditPlace, COLLIDING_NAMES_MAX, Client, Consent, Directory, Identifier, Key, PasswordHash,
    Raise, Realm, Saved, SecretChange, Trail, Usage, User, Usernames, WrappedKey, colliding, conflict,
};

#[async_trait]
impl Directory for MemoryStore {
    async fn realms(&self) -> Result<Vec<Realm>> {
        Ok(self.state()?.tables.realms.clone())
    }

    async fn create_realm(
        &self,
        realm: Realm,
        clients: Vec<Client>,
        audit: Option<AuditEntry>,
    ) -> Result<()> {
        self.write(|rows| {
            if rows.tables.realms.iter().any(|other| other.name == realm.name || other.id == realm.id) {
                return Err(conflict("name"));
            }
            accounts::build_in(rows, clients)?;
            rows.tables.realms.push(Realm { version: 1, ..realm });
            rows.write_audit(audit)
        })
    }

    async fn save_realm(&self, mut realm: Realm, audit: Option<AuditEntry>) -> Result<Realm> {
        self.write(|rows| {
            let names = match realm.usernames {
                Usernames::Exact => Vec::new(),
                Usernames::IgnoreCase => rows.tables.names_but_for_case(realm.id),
            };
            let stored = rows.tables.realms.iter_mut().find(|other| other.id == realm.id);
            let stored = stored.filter(|stored| stored.version == realm.version);
            let stored = stored.ok_or_else(|| conflict("version"))?;
            if !names.is_empty() {
                return Err(colliding(&names));
            }
            realm.version += 1;
            stored.clone_from(&realm);
            rows.write_audit(audit)?;
            Ok(realm)
        })
    }

    async fn user(&self, realm: RealmId, by: Identifier) -> Result<Option<User>> {
        let tables = &self.state()?.tables;
        let usernames = tables.usernames(realm);
        let wanted = by.unique_key(usernames);
        let found =
            tables.users.values().filter(|user| user.realm == realm).find(|user| match (&by, &wanted) {
                (Identifier::Id(id), _) => user.id == *id,
                (_, Some(key)) => !user.deleted && user.unique_keys(usernames).contains(key),
                (_, None) => false,
            });
        Ok(found.cloned())
    }

    async fn users(&self, realm: RealmId, after: u64, limit: u32) -> Result<Vec<User>> {
        let state = self.state()?;
        let all = state.tables.users.range(after.saturating_add(1)..).map(|(_, user)| user);
        let all = all.filter(|user| user.realm == realm && !user.deleted);
        Ok(all.take(count(limit)).cloned().collect())
    }

    async fn password_hashes(&self, after: u64, limit: u32) -> Result<Vec<(u64, PasswordHash)>> {
        let state = self.state()?;
        let all = state.tables.users.range(after.saturating_add(1)..);
        let all = all.filter_map(|(number, user)| Some((*number, user.password.clone()?)));
        Ok(all.take(count(limit)).collect())
    }

    async fn save_user(
        &self,
        user: User,
        raise: Option<Raise>,
        audit: Option<AuditEntry>,
    ) -> Result<Saved<User>> {
        self.write(|rows| accounts::save_user(rows, user, raise.as_ref(), audit))
    }

    async fn register_user(&self, user: User, audit: Option<AuditEntry>) -> Result<User> {
        self.write(|rows| accounts::register_user(rows, user, audit))
    }

    async fn import_users(&self, users: Vec<User>, audit: Option<AuditEntry>) -> Result<Vec<Result<u64>>> {
        self.write(|rows| accounts::import_users(rows, users, audit))
    }

    async fn put_usage(&self, all: Vec<Usage>) -> Result<()> {
        let known = &mut self.state()?.tables.usage;
        for usage in all {
            let caller = |it: &Usage| (it.realm, it.dialect, it.call.clone(), it.client);
            match known.iter_mut().find(|there| caller(there) == caller(&usage)) {
                Some(there) => {
                    there.count = there.count.max(usage.count);
                    there.last_at = there.last_at.max(usage.last_at);
                }
                None => known.push(usage),
            }
        }
        Ok(())
    }

    async fn usage(&self) -> Result<Vec<Usage>> {
        Ok(self.state()?.tables.usage.clone())
    }

    async fn clients(&self) -> Result<Vec<Client>> {
        let state = self.state()?;
        Ok(state.tables.clients.iter().filter(|client| !client.removed).cloned().collect())
    }

    async fn save_client(
        &self,
        client: Client,
        raise: Option<Raise>,
        audit: Option<AuditEntry>,
    ) -> Result<Saved<Client>> {
        self.write(|rows| accounts::save_client(rows, client, raise.as_ref(), audit))
    }

    async fn keys(&self) -> Result<Vec<Key>> {
        Ok(self.state()?.tables.keys.clone())
    }

    async fn add_key(&self, key: Key, audit: Option<AuditEntry>) -> Result<()> {
        self.write(|rows| {
            let keys = &mut rows.tables.keys;
            if keys.iter().any(|other| other.id == key.id || other.fingerprint == key.fingerprint) {
                return Err(conflict("key"));
            }
            keys.push(key);
            rows.write_audit(audit)
        })
    }

    async fn remove_key(&self, id: KeyId, audit: Option<AuditEntry>) -> Result<bool> {
        self.write(|rows| {
            let before = rows.tables.keys.len();
            rows.tables.keys.retain(|key| key.id != id);
            let is_removed = rows.tables.keys.len() < before;
            rows.write_audit(audit.filter(|_| is_removed))?;
            Ok(is_removed)
        })
    }

    async fn consent(&self, user: UserId, client: ClientId) -> Result<Option<Consent>> {
        let state = self.state()?;
        let wanted = |consent: &&Consent| (consent.user, consent.client) == (user, client);
        Ok(state.tables.consents.values().find(wanted).cloned())
    }

    async fn consents(&self, user: UserId, after: u64, limit: u32) -> Result<Vec<Consent>> {
        let state = self.state()?;
        let all = state.tables.consents.range(after.saturating_add(1)..).map(|(_, consent)| consent);
        Ok(all.filter(|consent| consent.user == user).take(count(limit)).cloned().collect())
    }

    async fn save_consent(
        &self,
        consent: Consent,
        raise: Option<Raise>,
        audit: Option<AuditEntry>,
    ) -> Result<Saved<Consent>> {
        self.write(|rows| consents::save_consent(rows, consent, raise.as_ref(), audit))
    }

    async fn secrets(&self) -> Result<Vec<WrappedKey>> {
        Ok(self.state()?.tables.sealing.values().cloned().collect())
    }

    async fn save_secret(&self, change: SecretChange, audit: Option<AuditEntry>) -> Result<Vec<Mark>> {
        self.write(|rows| consents::save_secret(rows, &change, audit))
    }

    async fn audit(&self, realm: Option<RealmId>, before: AuditPlace, limit: u32) -> Result<Trail> {
        let tables = &self.state()?.tables;
        let entries = tables.audit.range(..before.entry).rev().map(|(_, entry)| entry);
        let entries = entries.filter(|entry| realm.is_none() || entry.realm == realm);
        let start = tables.progress.log_start;
        let marks = tables.log.range(start..before.mark.number().max(start)).rev().map(|(_, mark)| mark);
        let marks = marks.filter(|mark| realm.is_none_or(|realm| mark.realm == realm));
        let entries = entries.take(count(limit)).cloned().collect();
        let marks = marks.take(count(limit)).cloned().collect();
        Ok(Trail { entries, marks, entries_cut: None, marks_cut: None })
    }
}

impl Tables {
    pub(super) fn usernames(&self, realm: RealmId) -> Usernames {
        self.realms.iter().find(|other| other.id == realm).map_or_else(Default::default, |it| it.usernames)
    }

    /// User names of a realm that differ in case only: one more than the error lists.
    fn names_but_for_case(&self, realm: RealmId) -> Vec<String> {
        let users = self.users.values().filter(|user| user.realm == realm && !user.deleted);
        let names = users.filter_map(|user| user.username.as_ref());
        let mut names: Vec<_> = names.map(|name| (name::without_case(name), name)).collect();
        names.sort();
        let groups = names.chunk_by(|(one, _), (other, _)| one == other).filter(|group| group.len() > 1);
        groups.flatten().map(|(_, name)| (*name).clone()).take(COLLIDING_NAMES_MAX + 1).collect()
    }
}
