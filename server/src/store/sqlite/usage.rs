//! Usage of the calls of a legacy dialect.

use exeunt_core::{ClientId, DialectName, RealmId};
use rusqlite::Row;

use super::batch::Batch;
use super::encode::{bound, moment};
use super::reader::Reading;
use crate::error::Result;
use crate::store::Usage;

/// Stands for an unknown client.
const NOBODY: [u8; 16] = [0; 16];

impl Batch<'_> {
    pub(super) fn put_usage(&self, all: &[Usage]) -> Result<()> {
        let mut put = self.conn.prepare_cached(
            "INSERT INTO usage VALUES (?, ?, ?, ?, ?, ?) ON CONFLICT DO UPDATE \
             SET count = max(count, excluded.count), last_at = max(last_at, excluded.last_at)",
        )?;
        for usage in all {
            let client = usage.client.map_or(NOBODY, |client| client.0);
            let (count, at) = (bound(usage.count), usage.last_at.millis());
            put.execute((usage.realm.0, usage.dialect.name(), &usage.call, client, count, at))?;
        }
        Ok(())
    }
}

impl Reading<'_> {
    pub(super) fn usage(self) -> Result<Vec<Usage>> {
        let sql = "SELECT realm, dialect, call, client, count, last_at FROM usage";
        let mut statement = self.conn.prepare_cached(sql)?;
        Ok(statement.query_map([], usage)?.collect::<rusqlite::Result<_>>()?)
    }
}

fn usage(row: &Row<'_>) -> rusqlite::Result<Usage> {
    let client: [u8; 16] = row.get(3)?;
    Ok(Usage {
        realm: RealmId(row.get(0)?),
        dialect: DialectName::new(row.get_ref(1)?.as_str()?),
        call: row.get(2)?,
        client: (client != NOBODY).then_some(ClientId(client)),
        count: row.get(4)?,
        last_at: moment(row, 5)?,
    })
}
