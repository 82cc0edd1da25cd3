//! Folds touches, and deletes what is forgotten.

use exeunt_core::{Mark, Moment, SessionId};

use super::batch::Batch;
use super::encode::{KIND_SESSION, MARK, bound, kind, mark, moment};
use super::sessions::after;
use super::{grants, meta};
use crate::error::Result;
use crate::store::rules::rows::SessionRow;
use crate::store::rules::sweep::{OldRows, Progress};

impl<'a> OldRows<'a> for Batch<'a> {
    fn progress(&self) -> Progress {
        self.places.progress
    }

    fn set_progress(&mut self, progress: Progress) -> Result<()> {
        let before = &mut self.places.progress;
        if before.own_start != progress.own_start {
            meta::set_number(self.conn, "own_start", progress.own_start)?;
        }
        if before.log_start != progress.log_start {
            meta::set_number(self.conn, "log_start", progress.log_start)?;
        }
        *before = progress;
        Ok(())
    }

    fn fold(&mut self, max: u32) -> Result<u32> {
        let mut oldest =
            self.conn.prepare_cached("SELECT number, place, at FROM touches ORDER BY number LIMIT ?")?;
        let row = |row: &rusqlite::Row<'_>| Ok((row.get(0)?, row.get(1)?, moment(row, 2)?));
        let touches: Vec<(u64, u64, Moment)> =
            oldest.query_map([max], row)?.collect::<rusqlite::Result<_>>()?;
        let Some((last, ..)) = touches.last() else { return Ok(0) };
        let mut fold = self.conn.prepare_cached(
            "INSERT INTO seen SELECT ?1, ?2 WHERE EXISTS (SELECT 1 FROM sessions WHERE place = ?1) \
             ON CONFLICT (place) DO UPDATE SET at = max(at, excluded.at)",
        )?;
        for (_, place, at) in &touches {
            fold.execute((bound(*place), at.millis()))?;
            self.leftovers.folded.push((*place, *at));
        }
        self.conn.prepare_cached("DELETE FROM touches WHERE number <= ?")?.execute([last])?;
        Ok(u32::try_from(touches.len()).unwrap_or(max))
    }

    fn after(&mut self, row: u64, max: u32) -> Result<Vec<SessionRow>> {
        let max = usize::try_from(max).unwrap_or(usize::MAX);
        let mut all = Vec::new();
        after(self.conn, row, |kept| {
            all.push(self.touched(kept));
            Ok(all.len() < max)
        })?;
        Ok(all)
    }

    fn marks(&mut self, from: u64, to: u64, max: u32) -> Result<Vec<Mark>> {
        let sql = format!("SELECT {MARK} FROM marks WHERE stamp >= ? AND stamp < ? ORDER BY stamp LIMIT ?");
        let mut statement = self.conn.prepare_cached(&sql)?;
        let marks = statement.query_map((bound(from), bound(to), max), mark)?;
        Ok(marks.collect::<rusqlite::Result<_>>()?)
    }

    fn delete_session(&mut self, kept: &SessionRow) -> Result<()> {
        let row = bound(kept.row);
        // The last row number must not be reused once its row is deleted.
        meta::set_number(self.conn, "last_place", self.places.issued)?;
        self.conn.prepare_cached("DELETE FROM sessions WHERE place = ?")?.execute([row])?;
        self.conn.prepare_cached("DELETE FROM seen WHERE place = ?")?.execute([row])?;
        grants::delete(self.conn, kept.row, kept.record.sole_key())?;
        let sql = "DELETE FROM hangs WHERE kind = ? AND anchor = ? AND place = ?";
        for anchor in &kept.record.session.anchors {
            self.conn.prepare_cached(sql)?.execute((kind(*anchor), anchor.id(), row))?;
        }
        Ok(())
    }

    fn forget(&mut self, session: SessionId) {
        self.leftovers.forgotten.push(session);
    }

    fn delete_earlier(&mut self, mark: &Mark) -> Result<()> {
        let sql = format!(
            "DELETE FROM marks WHERE kind = ? AND anchor = ? AND stamp < ? AND kind <> {KIND_SESSION}"
        );
        let earlier = (kind(mark.anchor), mark.anchor.id(), mark.at.number());
        self.conn.prepare_cached(&sql)?.execute(earlier)?;
        Ok(())
    }

    fn delete_mark(&mut self, mark: &Mark) -> Result<()> {
        self.conn.prepare_cached("DELETE FROM marks WHERE stamp = ?")?.execute([mark.at.number()])?;
        Ok(())
    }

    fn delete_audit(&mut self, horizon: Moment, max: u32) -> Result<u32> {
        let sql = "DELETE FROM audit WHERE place IN (SELECT place FROM audit ORDER BY place LIMIT ?1) \
                   AND CASE WHEN place <= ?3 THEN min(at, ?4) ELSE at END < ?2";
        let written = self.places.progress.written;
        let bounds = (max, horizon.millis(), bound(written.entry), written.now.millis());
        let dropped = self.conn.prepare_cached(sql)?.execute(bounds)?;
        Ok(u32::try_from(dropped).unwrap_or(max))
    }
}
