//! Clients.

use exeunt_core::{ClientId, DialectName, RealmId};
use rusqlite::{OptionalExtension, Row};

use super::batch::Batch;
use super::encode::{bound, corrupt, moment};
use super::reader::Reading;
use crate::error::{Error, Result};
use crate::store::{Client, conflict};

const CLIENT: &str = "id, realm, name, door, builtin, idle_secs, absolute_secs, sessions_max, settings, removed, \
                      created_at, updated_at, version";

impl Reading<'_> {
    pub(super) fn clients(self) -> Result<Vec<Client>> {
        let sql = format!("SELECT {CLIENT} FROM clients WHERE NOT removed ORDER BY number");
        let mut statement = self.conn.prepare_cached(&sql)?;
        Ok(statement.query_map([], client)?.collect::<rusqlite::Result<_>>()?)
    }
}

impl Batch<'_> {
    pub(super) fn save_client(&self, mut client: Client) -> Result<Client> {
        let stored = self
            .conn
            .prepare_cached("SELECT number, version FROM clients WHERE id = ?")?
            .query_row([client.id.0], |row| Ok((row.get(0)?, row.get(1)?)))
            .optional()?;
        let (number, version): (Option<i64>, u64) = stored.map_or((None, 0), |(n, v)| (Some(n), v));
        if version != client.version {
            return Err(conflict("version"));
        }
        self.check_client(&client)?;
        client.version += 1;
        let sql = "INSERT OR REPLACE INTO clients VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)";
        self.conn.prepare_cached(sql)?.execute((
            number,
            client.id.0,
            client.realm.0,
            &client.name,
            client.dialect.name(),
            client.builtin,
            client.idle_secs,
            client.absolute_secs,
            client.sessions_max,
            serde_json::to_string(&client.settings).map_err(Error::internal)?,
            client.project_key(),
            client.removed,
            client.created_at.millis(),
            client.updated_at.millis(),
            bound(client.version),
        ))?;
        Ok(client)
    }

    /// Checks that its name is free in its realm and its key everywhere. A removed client has neither.
    fn check_client(&self, client: &Client) -> Result<()> {
        if client.removed {
            return Ok(());
        }
        let mut name = self.conn.prepare_cached(
            "SELECT 1 FROM clients WHERE realm = ? AND name = ? AND id <> ? AND NOT removed",
        )?;
        if name.exists((client.realm.0, &client.name, client.id.0))? {
            return Err(conflict("name"));
        }
        let mut key = self
            .conn
            .prepare_cached("SELECT 1 FROM clients WHERE project_key = ? AND id <> ? AND NOT removed")?;
        if key.exists((client.project_key(), client.id.0))? {
            return Err(conflict("key"));
        }
        Ok(())
    }
}

fn client(row: &Row<'_>) -> rusqlite::Result<Client> {
    let settings = row.get_ref(8)?.as_str()?;
    Ok(Client {
        id: ClientId(row.get(0)?),
        realm: RealmId(row.get(1)?),
        name: row.get(2)?,
        dialect: DialectName::new(row.get_ref(3)?.as_str()?),
        builtin: row.get(4)?,
        idle_secs: row.get(5)?,
        absolute_secs: row.get(6)?,
        sessions_max: row.get(7)?,
        settings: serde_json::from_str(settings)
            .map_err(|_| corrupt("client settings of an unknown kind"))?,
        removed: row.get(9)?,
        created_at: moment(row, 10)?,
        updated_at: moment(row, 11)?,
        version: row.get(12)?,
    })
}
