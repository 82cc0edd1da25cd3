//! The audit trail.

use exeunt_core::{Door, Mark, RealmId};
use rusqlite::{Connection, Row};

use super::batch::Batch;
use super::encode::{MARK, bound, mark, moment, read_address, read_by, write_address, write_by};
use super::meta;
use super::reader::Reading;
use crate::error::Result;
use crate::store::{AuditEntry, AuditPlace};

impl Reading<'_> {
    pub(super) fn trail(
        self,
        realm: Option<RealmId>,
        before: AuditPlace,
        limit: u32,
    ) -> Result<(Vec<AuditEntry>, Vec<Mark>)> {
        let transaction = self.conn.unchecked_transaction()?;
        let realm = realm.map(|realm| realm.0);
        let log_start = meta::number(&transaction, "log_start")?;
        let mut entries = transaction.prepare_cached(
            "SELECT place, at, realm, by, via, source, what, subject FROM audit \
             WHERE place < ?1 AND (?2 IS NULL OR realm = ?2) ORDER BY place DESC LIMIT ?3",
        )?;
        let entries = entries.query_map((bound(before.entry), realm, limit), entry)?;
        let entries = entries.collect::<rusqlite::Result<_>>()?;
        let mut marks = transaction.prepare_cached(&format!(
            "SELECT {MARK} FROM marks WHERE stamp < ?1 AND stamp >= ?2 AND (?3 IS NULL OR realm = ?3) \
             ORDER BY stamp DESC LIMIT ?4"
        ))?;
        let marks = marks.query_map((bound(before.mark.number()), bound(log_start), realm, limit), mark)?;
        Ok((entries, marks.collect::<rusqlite::Result<_>>()?))
    }
}

impl Batch<'_> {
    pub(super) fn write_audit(&self, entry: Option<AuditEntry>) -> Result<()> {
        Ok(entry.map_or(Ok(()), |entry| append(self.conn, entry))?)
    }
}

/// Writes a line of the trail; its place is the next one.
pub(super) fn append(conn: &Connection, entry: AuditEntry) -> rusqlite::Result<()> {
    let sql = "INSERT INTO audit (at, realm, by, via, source, what, subject) VALUES (?, ?, ?, ?, ?, ?, ?)";
    conn.prepare_cached(sql)?.execute((
        entry.when.millis(),
        entry.realm.map(|realm| realm.0),
        write_by(entry.by),
        entry.via.name(),
        write_address(entry.from),
        entry.what,
        entry.subject,
    ))?;
    Ok(())
}

fn entry(row: &Row<'_>) -> rusqlite::Result<AuditEntry> {
    Ok(AuditEntry {
        place: row.get(0)?,
        when: moment(row, 1)?,
        realm: row.get::<_, Option<_>>(2)?.map(RealmId),
        by: read_by(row.get_ref(3)?.as_blob_or_null()?)?,
        via: Door::new(row.get_ref(4)?.as_str()?),
        from: read_address(row.get_ref(5)?.as_blob_or_null()?)?,
        what: row.get(6)?,
        subject: row.get(7)?,
    })
}
