//! Consents and sealing keys.

use exeunt_core::{ClientId, ConsentId, RealmId, UserId};
use rusqlite::{Connection, OptionalExtension, Row};

use super::batch::Batch;
use super::encode::{bound, corrupt, moment};
use super::reader::Reading;
use crate::error::{Error, Result};
use crate::store::rules::consents::ConsentRows;
use crate::store::{Consent, WrappedKey};

const CONSENT: &str = "realm, user, client, scopes, resources, at, version";
const KEY: &str = "realm, number, made_at, wrapped";

impl<'a> ConsentRows<'a> for Batch<'a> {
    fn consent(&mut self, id: ConsentId) -> Result<Option<Consent>> {
        find(self.conn, id)
    }

    fn put_consent(&mut self, consent: &Consent) -> Result<u64> {
        let sql = "INSERT OR REPLACE INTO consents (id, realm, user, client, scopes, resources, at) \
                   VALUES (?, ?, ?, ?, ?, ?, ?)";
        self.conn.prepare_cached(sql)?.execute((
            consent.id().0,
            consent.realm.0,
            consent.user.0,
            consent.client.0,
            write_list(&consent.scopes)?,
            write_list(&consent.resources)?,
            consent.at.millis(),
        ))?;
        u64::try_from(self.conn.last_insert_rowid()).map_err(Error::internal)
    }

    fn delete_consent(&mut self, id: ConsentId) -> Result<()> {
        self.conn.prepare_cached("DELETE FROM consents WHERE id = ?")?.execute([id.0])?;
        Ok(())
    }

    fn keys(&mut self, realm: RealmId) -> Result<Vec<WrappedKey>> {
        let sql = format!("SELECT {KEY} FROM sealing_keys WHERE realm = ?");
        let mut statement = self.conn.prepare_cached(&sql)?;
        Ok(statement.query_map([realm.0], key)?.collect::<rusqlite::Result<_>>()?)
    }

    fn put_key(&mut self, key: &WrappedKey) -> Result<()> {
        let values = (key.realm.0, key.number, key.made_at.millis(), &key.wrapped);
        self.conn
            .prepare_cached("INSERT OR REPLACE INTO sealing_keys VALUES (?, ?, ?, ?)")?
            .execute(values)?;
        Ok(())
    }

    fn delete_keys(&mut self, realm: RealmId, before: u32) -> Result<()> {
        let sql = "DELETE FROM sealing_keys WHERE realm = ? AND number < ?";
        self.conn.prepare_cached(sql)?.execute((realm.0, before))?;
        Ok(())
    }
}

impl Reading<'_> {
    pub(super) fn consent(self, id: ConsentId) -> Result<Option<Consent>> {
        find(self.conn, id)
    }

    pub(super) fn consents(self, user: UserId, after: u64, limit: u32) -> Result<Vec<Consent>> {
        let sql =
            format!("SELECT {CONSENT} FROM consents WHERE user = ? AND version > ? ORDER BY version LIMIT ?");
        let mut statement = self.conn.prepare_cached(&sql)?;
        let found = statement.query_map((user.0, bound(after), limit), consent)?;
        Ok(found.collect::<rusqlite::Result<_>>()?)
    }

    pub(super) fn secrets(self) -> Result<Vec<WrappedKey>> {
        let sql = format!("SELECT {KEY} FROM sealing_keys ORDER BY realm, number");
        let mut statement = self.conn.prepare_cached(&sql)?;
        Ok(statement.query_map([], key)?.collect::<rusqlite::Result<_>>()?)
    }
}

fn find(conn: &Connection, id: ConsentId) -> Result<Option<Consent>> {
    let sql = format!("SELECT {CONSENT} FROM consents WHERE id = ?");
    Ok(conn.prepare_cached(&sql)?.query_row([id.0], consent).optional()?)
}

fn consent(row: &Row<'_>) -> rusqlite::Result<Consent> {
    Ok(Consent {
        realm: RealmId(row.get(0)?),
        user: UserId(row.get(1)?),
        client: ClientId(row.get(2)?),
        scopes: read_list(row.get_ref(3)?.as_str()?)?,
        resources: read_list(row.get_ref(4)?.as_str()?)?,
        at: moment(row, 5)?,
        version: row.get(6)?,
    })
}

fn key(row: &Row<'_>) -> rusqlite::Result<WrappedKey> {
    Ok(WrappedKey {
        realm: RealmId(row.get(0)?),
        number: row.get(1)?,
        made_at: moment(row, 2)?,
        wrapped: row.get(3)?,
    })
}

fn write_list(texts: &[String]) -> Result<String> {
    serde_json::to_string(texts).map_err(Error::internal)
}

fn read_list(text: &str) -> rusqlite::Result<Vec<String>> {
    serde_json::from_str(text).map_err(|_| corrupt("a list of no known form"))
}
