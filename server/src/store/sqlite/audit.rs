//! The audit trail.

use exeunt_core::{DialectName, RealmId};
use rusqlite::{Connection, OptionalExtension, Row};

use super::encode::{MARK, bound, mark, moment, read_address, read_by, write_address, write_by};
use super::marks::LOOKED_AT_MAX;
use super::meta;
use super::reader::Reading;
use crate::error::Result;
use crate::store::{AuditEntry, AuditPlace, Cut, Trail};

impl Reading<'_> {
    pub(super) fn trail(self, realm: Option<RealmId>, before: AuditPlace, limit: u32) -> Result<Trail> {
        let transaction = self.conn.unchecked_transaction()?;
        let log_start = bound(meta::number(&transaction, "log_start")?);
        // A page of all realms is full before many rows are examined.
        let of = realm.map(|realm| realm.0);
        let (before_entry, before_mark) = (bound(before.entry), bound(before.mark.number()));
        let cut = |sql, start, before| match realm {
            Some(_) => transaction.prepare_cached(sql)?.query_row((start, before, SKIPPED), cut).optional(),
            None => Ok(None),
        };
        let entries_cut: Option<Cut> = cut(
            "SELECT place, at FROM audit WHERE place >= ?1 AND place < ?2 ORDER BY place DESC LIMIT 1 OFFSET ?3",
            0,
            before_entry,
        )?;
        let marks_cut: Option<Cut> = cut(
            "SELECT stamp, at FROM marks WHERE stamp >= ?1 AND stamp < ?2 ORDER BY stamp DESC LIMIT 1 OFFSET ?3",
            log_start,
            before_mark,
        )?;
        let from = |cut: Option<Cut>, start| cut.map_or(start, |cut| bound(cut.place));
        let mut entries = transaction.prepare_cached(
            "SELECT place, at, realm, by, via, source, what, subject FROM audit \
             WHERE place >= ?1 AND place < ?2 AND (?3 IS NULL OR realm = ?3) ORDER BY place DESC LIMIT ?4",
        )?;
        let entries = entries.query_map((from(entries_cut, 0), before_entry, of, limit), entry)?;
        let entries = entries.collect::<rusqlite::Result<Vec<_>>>()?;
        let mut marks = transaction.prepare_cached(&format!(
            "SELECT {MARK} FROM marks WHERE stamp >= ?1 AND stamp < ?2 AND (?3 IS NULL OR realm = ?3) \
             ORDER BY stamp DESC LIMIT ?4"
        ))?;
        let marks = marks.query_map((from(marks_cut, log_start), before_mark, of, limit), mark)?;
        let marks = marks.collect::<rusqlite::Result<Vec<_>>>()?;
        let room = |found: usize| found < usize::try_from(limit).unwrap_or(usize::MAX);
        let (entries_cut, marks_cut) =
            (entries_cut.filter(|_| room(entries.len())), marks_cut.filter(|_| room(marks.len())));
        Ok(Trail { entries, marks, entries_cut, marks_cut })
    }
}

/// The offset of the last of [`LOOKED_AT_MAX`] rows.
const SKIPPED: usize = LOOKED_AT_MAX - 1;

fn cut(row: &Row<'_>) -> rusqlite::Result<Cut> {
    Ok(Cut { place: row.get(0)?, when: moment(row, 1)? })
}

/// Writes a line of the trail at the next place.
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
        via: DialectName::new(row.get_ref(4)?.as_str()?),
        from: read_address(row.get_ref(5)?.as_blob_or_null()?)?,
        what: row.get(6)?,
        subject: row.get(7)?,
    })
}
