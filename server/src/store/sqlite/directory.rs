//! Realms and keys; runs all other calls on the right thread.

use async_trait::async_trait;
use exeunt_core::{ClientId, ConsentId, Fingerprint, KeyId, Mark, RealmId, UserId};
use rusqlite::{ErrorCode, Row};

use super::SqliteStore;
use super::batch::Batch;
use super::encode::{bound, corrupt, moment};
use super::identifiers::{names_but_for_case, read_usernames};
use super::queue::Lane;
use crate::error::{Error, Result};
use crate::store::rules::rows::Rows as _;
use crate::store::rules::{accounts, consents};
use crate::store::{
    AuditEntry, AuditPlace, Client, Consent, Directory, Identifier, Key, PasswordHash, Raise, Realm, Role,
    Saved, SecretChange, Trail, Usage, User, Usernames, WrappedKey, colliding, conflict,
};

/// The rows written for a user: its own, and its identifiers.
const ROWS_PER_USER: usize = 4;

#[async_trait]
impl Directory for SqliteStore {
    async fn realms(&self) -> Result<Vec<Realm>> {
        self.read(|reading| {
            let sql = "SELECT id, name, created_at, usernames, version FROM realms ORDER BY number";
            let mut statement = reading.conn.prepare_cached(sql)?;
            Ok(statement.query_map([], realm)?.collect::<rusqlite::Result<_>>()?)
        })
        .await
    }

    async fn create_realm(
        &self,
        realm: Realm,
        clients: Vec<Client>,
        audit: Option<AuditEntry>,
    ) -> Result<()> {
        self.write(Lane::Rest, move |batch| {
            let sql = "INSERT INTO realms (id, name, created_at, usernames) VALUES (?, ?, ?, ?)";
            let values = (realm.id.0, &realm.name, realm.created_at.millis(), realm.usernames.word());
            let inserted = batch.conn.prepare_cached(sql)?.execute(values);
            inserted.map_err(|error| taken("name", error))?;
            accounts::build_in(batch, clients)?;
            batch.write_audit(audit)
        })
        .await
    }

    async fn save_realm(&self, realm: Realm, audit: Option<AuditEntry>) -> Result<Realm> {
        if realm.usernames == Usernames::IgnoreCase {
            // A reader checks first, outside the writer: most refusals happen here.
            let id = realm.id;
            let names = self.read(move |reading| Ok(names_but_for_case(reading.conn, id)?)).await?;
            if !names.is_empty() {
                return Err(colliding(&names));
            }
        }
        self.write(Lane::Rest, move |batch| {
            let realm = batch.save_realm(realm)?;
            batch.write_audit(audit)?;
            Ok(realm)
        })
        .await
    }

    async fn user(&self, realm: RealmId, by: Identifier) -> Result<Option<User>> {
        self.read(move |reading| reading.user(realm, &by)).await
    }

    async fn users(&self, realm: RealmId, after: u64, limit: u32) -> Result<Vec<User>> {
        self.read(move |reading| reading.users(realm, after, limit)).await
    }

    async fn password_hashes(&self, after: u64, limit: u32) -> Result<Vec<(u64, PasswordHash)>> {
        self.read(move |reading| reading.password_hashes(after, limit)).await
    }

    async fn save_user(
        &self,
        user: User,
        raise: Option<Raise>,
        audit: Option<AuditEntry>,
    ) -> Result<Saved<User>> {
        let lane = lane(raise.as_ref());
        let save = move |batch: &mut Batch<'_>| accounts::save_user(batch, user, raise.as_ref(), audit);
        self.write(lane, save).await
    }

    async fn register_user(&self, user: User, audit: Option<AuditEntry>) -> Result<User> {
        self.write(Lane::Rest, move |batch| accounts::register_user(batch, user, audit)).await
    }

    async fn import_users(&self, users: Vec<User>, audit: Option<AuditEntry>) -> Result<Vec<Result<u64>>> {
        self.write(Lane::Rest, move |batch| {
            batch.rows += users.len() * ROWS_PER_USER;
            accounts::import_users(batch, users, audit)
        })
        .await
    }

    async fn put_usage(&self, all: Vec<Usage>) -> Result<()> {
        self.write(Lane::Rest, move |batch| batch.put_usage(&all)).await
    }

    async fn usage(&self) -> Result<Vec<Usage>> {
        self.read(|reading| reading.usage()).await
    }

    async fn clients(&self) -> Result<Vec<Client>> {
        self.read(|reading| reading.clients()).await
    }

    async fn save_client(
        &self,
        client: Client,
        raise: Option<Raise>,
        audit: Option<AuditEntry>,
    ) -> Result<Saved<Client>> {
        let lane = lane(raise.as_ref());
        let save = move |batch: &mut Batch<'_>| accounts::save_client(batch, client, raise.as_ref(), audit);
        self.write(lane, save).await
    }

    async fn keys(&self) -> Result<Vec<Key>> {
        self.read(|reading| {
            let sql = "SELECT id, name, role, realm, fingerprint, created_at FROM keys ORDER BY number";
            let mut statement = reading.conn.prepare_cached(sql)?;
            Ok(statement.query_map([], key)?.collect::<rusqlite::Result<_>>()?)
        })
        .await
    }

    async fn add_key(&self, key: Key, audit: Option<AuditEntry>) -> Result<()> {
        self.write(Lane::Rest, move |batch| {
            let sql = "INSERT INTO keys (id, name, role, realm, fingerprint, created_at) \
                       VALUES (?, ?, ?, ?, ?, ?)";
            let inserted = batch.conn.prepare_cached(sql)?.execute((
                key.id.0,
                &key.name,
                key.role.word(),
                key.realm.map(|realm| realm.0),
                key.fingerprint.0,
                key.created_at.millis(),
            ));
            inserted.map_err(|error| taken("key", error))?;
            batch.write_audit(audit)
        })
        .await
    }

    async fn remove_key(&self, id: KeyId, audit: Option<AuditEntry>) -> Result<bool> {
        self.write(Lane::Rest, move |batch| {
            let removed = batch.conn.prepare_cached("DELETE FROM keys WHERE id = ?")?.execute([id.0])? > 0;
            batch.write_audit(audit.filter(|_| removed))?;
            Ok(removed)
        })
        .await
    }

    async fn consent(&self, user: UserId, client: ClientId) -> Result<Option<Consent>> {
        self.read(move |reading| reading.consent(ConsentId::of(user, client))).await
    }

    async fn consents(&self, user: UserId, after: u64, limit: u32) -> Result<Vec<Consent>> {
        self.read(move |reading| reading.consents(user, after, limit)).await
    }

    async fn save_consent(
        &self,
        consent: Consent,
        raise: Option<Raise>,
        audit: Option<AuditEntry>,
    ) -> Result<Saved<Consent>> {
        let lane = lane(raise.as_ref());
        let save = move |batch: &mut Batch<'_>| consents::save_consent(batch, consent, raise.as_ref(), audit);
        self.write(lane, save).await
    }

    async fn secrets(&self) -> Result<Vec<WrappedKey>> {
        self.read(|reading| reading.secrets()).await
    }

    async fn save_secret(&self, change: SecretChange, audit: Option<AuditEntry>) -> Result<Vec<Mark>> {
        let lane = lane(change.raises.first());
        self.write(lane, move |batch| consents::save_secret(batch, &change, audit)).await
    }

    async fn audit(&self, realm: Option<RealmId>, before: AuditPlace, limit: u32) -> Result<Trail> {
        self.read(move |reading| reading.trail(realm, before, limit)).await
    }
}

impl Batch<'_> {
    fn save_realm(&self, mut realm: Realm) -> Result<Realm> {
        let sql = "UPDATE realms SET usernames = ?, version = version + 1 WHERE id = ? AND version = ?";
        let values = (realm.usernames.word(), realm.id.0, bound(realm.version));
        if self.conn.prepare_cached(sql)?.execute(values)? == 0 {
            return Err(conflict("version"));
        }
        if realm.usernames == Usernames::IgnoreCase {
            let names = names_but_for_case(self.conn, realm.id)?;
            if !names.is_empty() {
                return Err(colliding(&names));
            }
        }
        realm.version += 1;
        Ok(realm)
    }
}

/// A change that ends sessions is as urgent as a logout.
const fn lane(raise: Option<&Raise>) -> Lane {
    if raise.is_some() { Lane::First } else { Lane::Rest }
}

/// A violated uniqueness constraint is a conflict.
pub(super) fn taken(field: &'static str, error: rusqlite::Error) -> Error {
    match error.sqlite_error_code() {
        Some(ErrorCode::ConstraintViolation) => conflict(field),
        _ => error.into(),
    }
}

fn realm(row: &Row<'_>) -> rusqlite::Result<Realm> {
    Ok(Realm {
        id: RealmId(row.get(0)?),
        name: row.get(1)?,
        created_at: moment(row, 2)?,
        usernames: read_usernames(row.get_ref(3)?.as_str()?)?,
        version: row.get(4)?,
    })
}

fn key(row: &Row<'_>) -> rusqlite::Result<Key> {
    Ok(Key {
        id: KeyId(row.get(0)?),
        name: row.get(1)?,
        role: Role::from_word(row.get_ref(2)?.as_str()?).ok_or_else(|| corrupt("an unknown role"))?,
        realm: row.get::<_, Option<_>>(3)?.map(RealmId),
        fingerprint: Fingerprint(row.get(4)?),
        created_at: moment(row, 5)?,
    })
}
