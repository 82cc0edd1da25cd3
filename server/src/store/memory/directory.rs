//! Realms, users, clients, keys, and who changed them.

use async_trait::async_trait;
use exeunt_core::{KeyId, Mark, RealmId};

use super::{MemoryStore, Tables};
use crate::error::Result;
use crate::store::rules::{end, name};
use crate::store::{
    AuditEntry, AuditPlace, COLLIDING_NAMES_MAX, Client, Directory, Identifier, Key, PasswordHash, Raise,
    Realm, Saved, Trail, Usage, User, Usernames, colliding, conflict, look_alike,
};

#[async_trait]
impl Directory for MemoryStore {
    async fn realms(&self) -> Result<Vec<Realm>> {
        Ok(self.state()?.realms.clone())
    }

    async fn create_realm(
        &self,
        realm: Realm,
        clients: Vec<Client>,
        audit: Option<AuditEntry>,
    ) -> Result<()> {
        let mut state = self.state()?;
        if state.realms.iter().any(|other| other.name == realm.name || other.id == realm.id) {
            return Err(conflict("name"));
        }
        let before = state.clients.len();
        if let Err(error) = clients.into_iter().try_for_each(|client| state.build_in(client)) {
            state.clients.truncate(before);
            return Err(error);
        }
        state.realms.push(Realm { version: 1, ..realm });
        state.record_audit(audit);
        Ok(())
    }

    async fn save_realm(&self, mut realm: Realm, audit: Option<AuditEntry>) -> Result<Realm> {
        let mut state = self.state()?;
        let stored = state.realms.iter().position(|other| other.id == realm.id);
        let at = stored.filter(|at| state.realms[*at].version == realm.version);
        let at = at.ok_or_else(|| conflict("version"))?;
        let names = match realm.usernames {
            Usernames::Exact => Vec::new(),
            Usernames::IgnoreCase => state.names_but_for_case(realm.id),
        };
        if !names.is_empty() {
            return Err(colliding(&names));
        }
        realm.version += 1;
        state.realms[at] = realm.clone();
        state.record_audit(audit);
        Ok(realm)
    }

    async fn user(&self, realm: RealmId, by: Identifier) -> Result<Option<User>> {
        let state = self.state()?;
        let usernames = state.usernames(realm);
        let wanted = by.unique_key(usernames);
        let found = state.users.values().find(|user| {
            user.realm == realm
                && match (&by, &wanted) {
                    (Identifier::Id(id), _) => user.id == *id,
                    (_, Some(key)) => !user.deleted && user.unique_keys(usernames).contains(key),
                    (_, None) => false,
                }
        });
        Ok(found.cloned())
    }

    async fn users(&self, realm: RealmId, after: u64, limit: u32) -> Result<Vec<User>> {
        let state = self.state()?;
        let all = state.users.range(after.saturating_add(1)..).map(|(_, user)| user);
        let all = all.filter(|user| user.realm == realm && !user.deleted);
        Ok(all.take(usize::try_from(limit).unwrap_or(usize::MAX)).cloned().collect())
    }

    async fn password_hashes(&self, after: u64, limit: u32) -> Result<Vec<(u64, PasswordHash)>> {
        let state = self.state()?;
        let all = state.users.range(after.saturating_add(1)..);
        let all = all.filter_map(|(number, user)| Some((*number, user.password.clone()?)));
        Ok(all.take(usize::try_from(limit).unwrap_or(usize::MAX)).collect())
    }

    async fn save_user(
        &self,
        mut user: User,
        raise: Option<Raise>,
        audit: Option<AuditEntry>,
    ) -> Result<Saved<User>> {
        let mut state = self.state()?;
        let stored = state.users.values().find(|other| other.id == user.id);
        if stored.map_or(0, |stored| stored.version) != user.version {
            return Err(conflict("version"));
        }
        let created = || state.users.last_key_value().map_or(1, |(last, _)| last + 1);
        user.number = stored.map_or_else(created, |stored| stored.number);
        state.check_user(&user)?;
        let mark = state.raise_with(raise)?;
        user.version += 1;
        state.users.insert(user.number, user.clone());
        state.record_audit(audit);
        Ok(Saved { record: user, mark })
    }

    async fn register_user(&self, user: User, audit: Option<AuditEntry>) -> Result<User> {
        let mut state = self.state()?;
        if user.version != 0 || state.users.values().any(|other| other.id == user.id) {
            return Err(conflict("version"));
        }
        state.check_user(&user)?;
        state.must_not_look_like_another(&user)?;
        let number = state.add_user(user.clone())?;
        state.record_audit(audit);
        Ok(User { number, version: 1, ..user })
    }

    async fn import_users(&self, users: Vec<User>, audit: Option<AuditEntry>) -> Result<Vec<Result<u64>>> {
        let mut state = self.state()?;
        if users.iter().any(|user| user.version != 0) {
            return Err(conflict("version"));
        }
        let outcomes: Vec<_> = users.into_iter().map(|user| state.add_user(user)).collect();
        state.record_audit(audit.filter(|_| outcomes.iter().any(Result::is_ok)));
        Ok(outcomes)
    }

    async fn put_usage(&self, all: Vec<Usage>) -> Result<()> {
        let mut state = self.state()?;
        for usage in all {
            let caller = |it: &&mut Usage| {
                (it.realm, it.dialect, &it.call, it.client)
                    == (usage.realm, usage.dialect, &usage.call, usage.client)
            };
            match state.usage.iter_mut().find(caller) {
                Some(there) => {
                    there.count = there.count.max(usage.count);
                    there.last_at = there.last_at.max(usage.last_at);
                }
                None => state.usage.push(usage),
            }
        }
        Ok(())
    }

    async fn usage(&self) -> Result<Vec<Usage>> {
        Ok(self.state()?.usage.clone())
    }

    async fn clients(&self) -> Result<Vec<Client>> {
        Ok(self.state()?.clients.iter().filter(|client| !client.removed).cloned().collect())
    }

    async fn save_client(
        &self,
        mut client: Client,
        raise: Option<Raise>,
        audit: Option<AuditEntry>,
    ) -> Result<Saved<Client>> {
        let mut state = self.state()?;
        let stored = state.clients.iter().position(|other| other.id == client.id);
        if stored.map_or(0, |at| state.clients[at].version) != client.version {
            return Err(conflict("version"));
        }
        state.check_client(&client)?;
        let mark = state.raise_with(raise)?;
        client.version += 1;
        match stored {
            Some(at) => state.clients[at] = client.clone(),
            None => state.clients.push(client.clone()),
        }
        state.record_audit(audit);
        Ok(Saved { record: client, mark })
    }

    async fn keys(&self) -> Result<Vec<Key>> {
        Ok(self.state()?.keys.clone())
    }

    async fn add_key(&self, key: Key, audit: Option<AuditEntry>) -> Result<()> {
        let mut state = self.state()?;
        if state.keys.iter().any(|other| other.id == key.id || other.fingerprint == key.fingerprint) {
            return Err(conflict("key"));
        }
        state.keys.push(key);
        state.record_audit(audit);
        Ok(())
    }

    async fn remove_key(&self, id: KeyId, audit: Option<AuditEntry>) -> Result<bool> {
        let mut state = self.state()?;
        let before = state.keys.len();
        state.keys.retain(|key| key.id != id);
        let removed = state.keys.len() < before;
        state.record_audit(audit.filter(|_| removed));
        Ok(removed)
    }

    async fn audit(&self, realm: Option<RealmId>, before: AuditPlace, limit: u32) -> Result<Trail> {
        let state = self.state()?;
        let limit = usize::try_from(limit).unwrap_or(usize::MAX);
        let entries = state.audit.range(..before.entry).rev().map(|(_, entry)| entry);
        let entries = entries.filter(|entry| realm.is_none() || entry.realm == realm);
        let end = before.mark.number().max(state.log_start);
        let marks = state.recorded.log.range(state.log_start..end).rev().map(|(_, mark)| mark);
        let marks = marks.filter(|mark| realm.is_none_or(|realm| mark.realm == realm));
        let (entries, marks) = (entries.take(limit).cloned().collect(), marks.take(limit).cloned().collect());
        Ok(Trail { entries, marks, entries_cut: None, marks_cut: None })
    }
}

impl Tables {
    /// Checks that each identifier of a user is free. A deleted user has none.
    fn check_user(&self, user: &User) -> Result<()> {
        if user.deleted {
            return Ok(());
        }
        self.must_be_free(user, |other| other.id != user.id)
    }

    /// Checks that none of those others has an identifier of this user.
    fn must_be_free(&self, user: &User, others: impl Fn(&User) -> bool) -> Result<()> {
        let others =
            self.users.values().filter(|other| others(other) && other.realm == user.realm && !other.deleted);
        let usernames = self.usernames(user.realm);
        let taken: Vec<_> = others.flat_map(|other| other.unique_keys(usernames)).collect();
        match user.unique_keys(usernames).into_iter().find(|key| taken.contains(key)) {
            Some((field, _)) => Err(conflict(field)),
            None => Ok(()),
        }
    }

    /// Fails if a name of this user looks like a taken one and one of the two is not ASCII.
    fn must_not_look_like_another(&self, user: &User) -> Result<()> {
        let others = self.users.values().filter(|other| other.realm == user.realm && !other.deleted);
        let there: Vec<_> = others.flat_map(User::identifiers).collect();
        let alike = |one: &Identifier, other: &Identifier| {
            let plain = one.text().is_ascii() && other.text().is_ascii();
            !plain && one.look().is_some_and(|look| other.look() == Some(look))
        };
        let new = user.identifiers();
        let found = new.iter().find(|new| there.iter().any(|other| alike(new, other)));
        found.map_or(Ok(()), |identifier| Err(look_alike(identifier.field())))
    }

    /// User names of a realm that differ in case only: one more than the error lists.
    fn names_but_for_case(&self, realm: RealmId) -> Vec<String> {
        let users = self.users.values().filter(|user| user.realm == realm && !user.deleted);
        let mut names: Vec<(String, &String)> =
            users.filter_map(|user| user.username.as_ref()).map(|it| (name::without_case(it), it)).collect();
        names.sort();
        let groups = names.chunk_by(|(one, _), (other, _)| one == other).filter(|group| group.len() > 1);
        groups.flatten().map(|(_, name)| (*name).clone()).take(COLLIDING_NAMES_MAX + 1).collect()
    }

    fn usernames(&self, realm: RealmId) -> Usernames {
        self.realms.iter().find(|other| other.id == realm).map_or_else(Default::default, |it| it.usernames)
    }

    fn add_user(&mut self, mut user: User) -> Result<u64> {
        self.must_be_free(&user, |_| true)?;
        user.number = self.users.last_key_value().map_or(1, |(last, _)| last + 1);
        user.version = 1;
        let number = user.number;
        self.users.insert(number, user);
        Ok(number)
    }

    fn build_in(&mut self, client: Client) -> Result<()> {
        if client.version != 0 || self.clients.iter().any(|other| other.id == client.id) {
            return Err(conflict("version"));
        }
        self.check_client(&client)?;
        self.clients.push(Client { version: 1, ..client });
        Ok(())
    }

    /// Checks that a client's name is free in its realm and its key everywhere. A removed client has neither.
    fn check_client(&self, client: &Client) -> Result<()> {
        if client.removed {
            return Ok(());
        }
        for other in self.clients.iter().filter(|other| other.id != client.id && !other.removed) {
            if other.realm == client.realm && other.name == client.name {
                return Err(conflict("name"));
            }
            if client.project_key().is_some() && other.project_key() == client.project_key() {
                return Err(conflict("key"));
            }
        }
        Ok(())
    }

    fn raise_with(&mut self, raise: Option<Raise>) -> Result<Option<Mark>> {
        let Some(raise) = raise else { return Ok(None) };
        let outcome = self.write(|transaction| end::raise(transaction, &raise))?;
        Ok(Some(outcome.mark))
    }
}
