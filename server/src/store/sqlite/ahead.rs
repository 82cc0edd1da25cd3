//! Lines of the log and of the trail written while the wall clock was ahead.

use exeunt_core::{Moment, Stamp};
use rusqlite::Connection;

use super::batch::Batch;
use super::encode::bound;
use super::meta;
use crate::error::Result;
use crate::store::WrittenBy;

const NOW: &str = "written_by";
const MARK: &str = "written_mark";
const ENTRY: &str = "written_entry";
const SESSION: &str = "written_session";

impl Batch<'_> {
    pub(super) fn set_back(&mut self, rows: &[u64], now: Moment) -> Result<()> {
        // A session without a row here counts as seen when it was issued, which is ahead too: at a later start that
        // would be another time.
        let sql = "INSERT INTO seen SELECT ?1, ?2 WHERE EXISTS (SELECT 1 FROM sessions WHERE place = ?1) \
                   ON CONFLICT (place) DO UPDATE SET at = min(at, excluded.at)";
        let mut update = self.conn.prepare_cached(sql)?;
        for row in rows {
            update.execute((bound(*row), now.millis()))?;
        }
        self.rows += rows.len();
        // It holds times that are now set back.
        self.crowds.forget();
        self.conn.prepare_cached("UPDATE touches SET at = ?1 WHERE at > ?1")?.execute([now.millis()])?;
        self.seen_by = Some(self.seen_by.map_or(now, |other| other.min(now)));
        Ok(())
    }

    pub(super) fn written_by(&mut self, now: Moment) -> Result<()> {
        let sql = "SELECT coalesce(max(place), 0) FROM audit";
        let entry = self.conn.query_row(sql, [], |row| row.get(0))?;
        let written = WrittenBy { now, mark: self.draft.last(), entry };
        // Reads of sessions use these numbers in SQL: see `sessions`.
        for (name, number) in [
            (NOW, now.millis()),
            (MARK, written.mark.number()),
            (ENTRY, written.entry),
            (SESSION, self.places.issued),
        ] {
            meta::set_number(self.conn, name, number)?;
        }
        self.places.progress.written = written;
        Ok(())
    }
}

/// As recorded at an earlier start.
pub(super) fn written(conn: &Connection) -> rusqlite::Result<WrittenBy> {
    Ok(WrittenBy {
        now: Moment::from_millis(meta::number(conn, NOW)?),
        mark: Stamp::from_number(meta::number(conn, MARK)?),
        entry: meta::number(conn, ENTRY)?,
    })
}
