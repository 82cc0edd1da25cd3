//! Clients.

use exeunt_core::{ClientId, DialectName, RealmId};
use rusqlite::{Connection, OptionalExtension, Row};

use super::encode::{bound, moment};
use super::reader::Reading;
use crate::error::Result;
use crate::store::{Client, Settings};

const CLIENT: &str = "id, realm, name, door, builtin, idle_secs, absolute_secs, sessions_max, settings, \
                      project_key, removed, created_at, updated_at, version";

impl Reading<'_> {
    pub(super) fn clients(self) -> Result<Vec<Client>> {
        let sql = format!("SELECT {CLIENT} FROM clients WHERE NOT removed ORDER BY number");
        let mut statement = self.conn.prepare_cached(&sql)?;
        Ok(statement.query_map([], client)?.collect::<rusqlite::Result<_>>()?)
    }
}

pub(super) fn version(conn: &Connection, id: ClientId) -> Result<u64> {
    let mut version = conn.prepare_cached("SELECT version FROM clients WHERE id = ?")?;
    Ok(version.query_row([id.0], |row| row.get(0)).optional()?.unwrap_or(0))
}

pub(super) fn is_name_taken(conn: &Connection, client: &Client) -> Result<bool> {
    let sql = "SELECT 1 FROM clients WHERE realm = ? AND name = ? AND id <> ? AND NOT removed";
    Ok(conn.prepare_cached(sql)?.exists((client.realm.0, &client.name, client.id.0))?)
}

pub(super) fn is_key_taken(conn: &Connection, client: &Client) -> Result<bool> {
    let sql = "SELECT 1 FROM clients WHERE project_key = ? AND id <> ? AND NOT removed";
    Ok(conn.prepare_cached(sql)?.exists((client.settings.unique_key(), client.id.0))?)
}

pub(super) fn put(conn: &Connection, client: &Client) -> Result<()> {
    let sql = "INSERT OR REPLACE INTO clients VALUES ((SELECT number FROM clients WHERE id = ?1), \
               ?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13, ?14)";
    conn.prepare_cached(sql)?.execute((
        client.id.0,
        client.realm.0,
        &client.name,
        client.dialect.name(),
        client.builtin,
        client.idle_secs,
        client.absolute_secs,
        client.sessions_max,
        client.settings.json(),
        client.settings.unique_key(),
        client.removed,
        client.created_at.millis(),
        client.updated_at.millis(),
        bound(client.version),
    ))?;
    Ok(())
}

fn client(row: &Row<'_>) -> rusqlite::Result<Client> {
    Ok(Client {
        id: ClientId(row.get(0)?),
        realm: RealmId(row.get(1)?),
        name: row.get(2)?,
        dialect: DialectName::new(row.get_ref(3)?.as_str()?),
        builtin: row.get(4)?,
        idle_secs: row.get(5)?,
        absolute_secs: row.get(6)?,
        sessions_max: row.get(7)?,
        settings: Settings::stored(row.get(8)?, row.get(9)?),
        removed: row.get(10)?,
        created_at: moment(row, 11)?,
        updated_at: moment(row, 12)?,
        version: row.get(13)?,
    })
}
