//! Folds touches, and forgets the dead.

use exeunt_core::{Mark, Moment, Verdict};

use super::batch::Batch;
use super::encode::{KIND_SESSION, MARK, bound, kind, mark, moment};
use super::marks::first_mark;
use super::meta;
use super::sessions::after;
use crate::error::Result;
use crate::store::Swept;
use crate::store::rules::choice::{died_at, session_id};
use crate::store::rules::round::Round;
use crate::store::rules::rows::SessionRow;
use crate::store::rules::sight::Touches as _;

impl Batch<'_> {
    pub(super) fn sweep(&mut self, now: Moment, keep_secs: u64, log_secs: u64, budget: u32) -> Result<Swept> {
        let mut round = self.places.round.unwrap_or_default();
        let mut swept = Swept::default();
        round.step(now, keep_secs, self.draft.last());
        let mut left = budget.max(1);
        self.fold(&mut left)?;
        if left > 0 && !round.sessions_done {
            let looked_at = self.look_at(round.after, left)?;
            round.sessions_done = looked_at.len() < usize::try_from(left).unwrap_or(usize::MAX);
            left -= u32::try_from(looked_at.len()).unwrap_or(left);
            round.after = looked_at.last().map_or(round.after, |kept| kept.row);
            for kept in &looked_at {
                swept.sessions += u32::from(self.forget_session(kept, now, keep_secs)?);
            }
        }
        if round.sessions_done {
            self.forget_own(&round, &mut left)?;
            self.drop_marks(round.horizon().min(now.minus_secs(log_secs)), &mut left, &mut swept)?;
            self.drop_audit(now.minus_secs(log_secs), &mut left)?;
        }
        swept.more = left == 0;
        self.places.round = swept.more.then_some(round);
        Ok(swept)
    }

    /// Folds the oldest touches into the rows of their sessions.
    fn fold(&mut self, left: &mut u32) -> Result<()> {
        let mut oldest =
            self.conn.prepare_cached("SELECT number, place, at FROM touches ORDER BY number LIMIT ?")?;
        let row = |row: &rusqlite::Row<'_>| Ok((row.get(0)?, row.get(1)?, moment(row, 2)?));
        let touches: Vec<(u64, u64, Moment)> =
            oldest.query_map([*left], row)?.collect::<rusqlite::Result<_>>()?;
        let Some((last, ..)) = touches.last() else { return Ok(()) };
        let mut fold = self.conn.prepare_cached(
            "INSERT INTO seen SELECT ?1, ?2 WHERE EXISTS (SELECT 1 FROM sessions WHERE place = ?1) \
             ON CONFLICT (place) DO UPDATE SET at = max(at, excluded.at)",
        )?;
        for (_, place, at) in &touches {
            fold.execute((bound(*place), at.millis()))?;
            self.leftovers.folded.push((*place, *at));
        }
        self.conn.prepare_cached("DELETE FROM touches WHERE number <= ?")?.execute([last])?;
        *left -= u32::try_from(touches.len()).unwrap_or(*left);
        Ok(())
    }

    fn look_at(&self, row: u64, limit: u32) -> Result<Vec<SessionRow>> {
        let limit = usize::try_from(limit).unwrap_or(usize::MAX);
        let mut all = Vec::new();
        after(self.conn, row, |kept| {
            all.push(kept);
            Ok(all.len() < limit)
        })?;
        Ok(all)
    }

    fn forget_session(&mut self, kept: &SessionRow, now: Moment, keep_secs: u64) -> Result<bool> {
        let session = &kept.record.session;
        let seen = self.shared.seen(kept.row, kept.seen);
        if self.draft.verdict(session, seen, now) == Verdict::Alive {
            return Ok(false);
        }
        let first = first_mark(self.conn, session, |anchor| self.draft.latest(anchor))?;
        let first = first.map(|mark| self.places.written.dated(mark));
        let died = died_at(session, seen, first.as_ref(), now);
        if died.is_none_or(|died| died >= now.minus_secs(keep_secs)) {
            return Ok(false);
        }
        let row = bound(kept.row);
        // The last row number must not be reused once its row is deleted.
        meta::set_number(self.conn, "last_place", self.places.issued)?;
        self.conn.prepare_cached("DELETE FROM sessions WHERE place = ?")?.execute([row])?;
        self.conn.prepare_cached("DELETE FROM seen WHERE place = ?")?.execute([row])?;
        let sql = "DELETE FROM hangs WHERE kind = ? AND anchor = ? AND place = ?";
        for anchor in &session.anchors {
            self.conn.prepare_cached(sql)?.execute((kind(*anchor), anchor.id(), row))?;
        }
        Ok(true)
    }

    /// Takes sessions' own marks out of force: no recorded session has these anchors any more.
    fn forget_own(&mut self, round: &Round, left: &mut u32) -> Result<()> {
        let mut old = self.older(self.places.own_start, u64::MAX, round.horizon(), *left)?;
        let mut recorded = self.conn.prepare_cached("SELECT 1 FROM sessions WHERE id = ?")?;
        let mut gone = 0;
        for mark in old.iter().take_while(|mark| round.outlived(mark)) {
            if let Some(id) = session_id(mark.anchor)
                && recorded.exists([id.0])?
            {
                break;
            }
            gone += 1;
        }
        old.truncate(gone);
        let Some(last) = old.last() else { return Ok(()) };
        self.places.own_start = last.at.next().number();
        meta::set_number(self.conn, "own_start", self.places.own_start)?;
        self.leftovers.forgotten.extend(old.iter().filter_map(|mark| session_id(mark.anchor)));
        *left -= u32::try_from(old.len()).unwrap_or(*left);
        Ok(())
    }

    /// Drops the beginning of the log. A mark in force stays, outside the log.
    fn drop_marks(&mut self, horizon: Moment, left: &mut u32, swept: &mut Swept) -> Result<()> {
        let old = self.older(self.places.log_start, self.places.own_start, horizon, *left)?;
        let Some(last) = old.last() else { return Ok(()) };
        self.places.log_start = last.at.next().number();
        meta::set_number(self.conn, "log_start", self.places.log_start)?;
        let sql = format!(
            "DELETE FROM marks WHERE kind = ? AND anchor = ? AND stamp < ? AND kind <> {KIND_SESSION}"
        );
        for mark in &old {
            if session_id(mark.anchor).is_none() {
                let earlier = (kind(mark.anchor), mark.anchor.id(), mark.at.number());
                self.conn.prepare_cached(&sql)?.execute(earlier)?;
            }
            if session_id(mark.anchor).is_some() || self.draft.latest(mark.anchor) != Some(mark.at) {
                self.conn.prepare_cached("DELETE FROM marks WHERE stamp = ?")?.execute([mark.at.number()])?;
            }
        }
        let dropped = u32::try_from(old.len()).unwrap_or(*left);
        swept.marks += dropped;
        *left -= dropped;
        Ok(())
    }

    /// Marks from this stamp on, up to the first that is not from before the horizon.
    fn older(&self, from: u64, to: u64, horizon: Moment, limit: u32) -> Result<Vec<Mark>> {
        let sql = format!("SELECT {MARK} FROM marks WHERE stamp >= ? AND stamp < ? ORDER BY stamp LIMIT ?");
        let mut statement = self.conn.prepare_cached(&sql)?;
        let dated = |row: &rusqlite::Row<'_>| mark(row).map(|mark| self.places.written.dated(mark));
        let marks = statement.query_map((bound(from), bound(to), limit), dated)?;
        let old = |mark: &rusqlite::Result<Mark>| mark.as_ref().map_or(true, |mark| mark.when < horizon);
        Ok(marks.take_while(old).collect::<rusqlite::Result<_>>()?)
    }

    fn drop_audit(&self, horizon: Moment, left: &mut u32) -> Result<()> {
        let sql = "DELETE FROM audit WHERE place IN (SELECT place FROM audit ORDER BY place LIMIT ?1) \
                   AND CASE WHEN place <= ?3 THEN min(at, ?4) ELSE at END < ?2";
        let written = self.places.written;
        let bounds = (*left, horizon.millis(), bound(written.entry), written.now.millis());
        let dropped = self.conn.prepare_cached(sql)?.execute(bounds)?;
        *left = left.saturating_sub(u32::try_from(dropped).unwrap_or(*left));
        Ok(())
    }
}
