//! The rows of a transaction, as the decisions that all stores share read and write them.

use exeunt_core::{Anchor, Fingerprint, Mark, Moment, Session, SessionId, UserId, Verdict};
use rusqlite::ErrorCode;

use super::audit::append;
use super::batch::{Batch, INSERT_MARK, insert};
use super::encode::{bound, kind, write_address, write_anchors};
use super::grants::{self, write_grant};
use super::marks::first_mark;
use super::reader::Reading;
use super::sessions::{at_row, find, token_column, under, under_after};
use crate::error::{Error, Kind, Result};
use crate::store::rules::book::Draft;
use crate::store::rules::crowd::Member;
use crate::store::rules::crowds::Crowds;
use crate::store::rules::room::{Seats, SeatsRead};
use crate::store::rules::rows::{Rows, SessionRow};
use crate::store::rules::sight::{Sight, Touches as _};
use crate::store::{AuditEntry, Generation, Record, SessionBy};

/// Reading this many index rows costs as much as one row of the table.
const COUNTED_PER_ROW: u32 = 64;
/// Judging this many sessions in memory takes as long as reading a row.
const JUDGED_PER_ROW: usize = 8;

impl<'a> Rows<'a> for Batch<'a> {
    const DURABLE: bool = true;
    const READ_MAX: u32 = 256;

    fn draft(&mut self) -> &mut Draft<'a> {
        &mut self.draft
    }

    fn crowds(&mut self) -> (&mut Crowds, Sight<'_>) {
        (self.crowds, Sight { draft: &self.draft, touches: self.shared })
    }

    fn session(&mut self, by: SessionBy) -> Result<Option<SessionRow>> {
        self.rows += 1;
        Ok(find(self.conn, by)?.map(|kept| self.touched(kept)))
    }

    fn row(&mut self, row: u64) -> Result<Option<SessionRow>> {
        self.rows += 1;
        Ok(at_row(self.conn, row)?.map(|kept| self.touched(kept)))
    }

    fn is_recorded(&mut self, id: SessionId) -> Result<bool> {
        Ok(self.conn.prepare_cached("SELECT 1 FROM sessions WHERE id = ?")?.exists([id.0])?)
    }

    fn under(&mut self, user: UserId, after: u64) -> Result<Vec<SessionRow>> {
        let mut all = Vec::new();
        under_after(self.conn, Anchor::User(user), after, |kept| {
            all.push(self.touched(kept));
            Ok(true)
        })?;
        self.rows += all.len();
        Ok(all)
    }

    fn count(&mut self, user: UserId, max: u32) -> Result<u32> {
        let anchor = Anchor::User(user);
        let sql = "SELECT count(*) FROM (SELECT 1 FROM hangs WHERE kind = ? AND anchor = ? LIMIT ?)";
        let mut count = self.conn.prepare_cached(sql)?;
        let recorded: u32 = count.query_row((kind(anchor), anchor.id(), max), |row| row.get(0))?;
        self.rows += usize::try_from(recorded.div_ceil(COUNTED_PER_ROW)).unwrap_or(usize::MAX);
        Ok(recorded)
    }

    fn first_mark(&mut self, session: &Session) -> Result<Option<Mark>> {
        first_mark(self.conn, session, |anchor| self.draft.latest(anchor))
    }

    fn was_adopted(&mut self, token: Fingerprint) -> Result<bool> {
        Ok(self.conn.prepare_cached("SELECT 1 FROM adopted WHERE token = ?")?.exists([token.0])?)
    }

    fn insert(&mut self, record: &Record) -> Result<u64> {
        let session = &record.session;
        self.places.issued += 1;
        let row = bound(self.places.issued);
        let sql = "INSERT INTO sessions VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)";
        let inserted = self.conn.prepare_cached(sql)?.execute((
            row,
            session.id.0,
            token_column(record),
            session.stamp.number(),
            write_anchors(&session.anchors),
            session.issued_at.millis(),
            session.idle_secs,
            session.absolute_secs,
            record.dialect.name(),
            write_address(record.from),
            &record.user_agent,
            write_grant(record.grant.as_ref())?,
        ));
        inserted.map_err(|error| match error.sqlite_error_code() {
            Some(ErrorCode::ConstraintViolation) => {
                Error::new(Kind::Conflict("session"), "this session was issued already")
            }
            _ => error.into(),
        })?;
        // A parent may have the same user or client as anchor.
        let mut hangs = self.conn.prepare_cached("INSERT OR IGNORE INTO hangs VALUES (?, ?, ?)")?;
        for anchor in &session.anchors {
            if !matches!(anchor, Anchor::Realm(_)) && *anchor != Anchor::Session(session.id) {
                hangs.execute((kind(*anchor), anchor.id(), row))?;
            }
        }
        self.rows += 1 + session.anchors.len();
        Ok(self.places.issued)
    }

    fn insert_adopted(&mut self, row: u64, token: Fingerprint, seen: Moment) -> Result<()> {
        self.conn.prepare_cached("INSERT INTO seen VALUES (?, ?)")?.execute((bound(row), seen.millis()))?;
        self.conn.prepare_cached("INSERT INTO adopted VALUES (?)")?.execute([token.0])?;
        self.rows += 2;
        Ok(())
    }

    fn touch(&mut self, row: u64, at: Moment) -> Result<()> {
        let sql = "INSERT INTO touches (place, at) VALUES (?, ?)";
        self.conn.prepare_cached(sql)?.execute((bound(row), at.millis()))?;
        self.touched.push((row, at));
        self.rows += 1;
        Ok(())
    }

    fn put_generation(&mut self, row: u64, generation: &Generation) -> Result<()> {
        self.rows += 1;
        grants::put_generation(self.conn, row, generation)
    }

    fn sole(&mut self, key: Fingerprint) -> Result<Option<u64>> {
        grants::sole(self.conn, key)
    }

    fn put_sole(&mut self, key: Fingerprint, row: u64) -> Result<()> {
        self.rows += 1;
        grants::put_sole(self.conn, key, row)
    }

    fn write(&mut self, mark: &Mark) -> Result<()> {
        let statement = match &mut self.insert_mark {
            Some(statement) => statement,
            none => none.insert(self.conn.prepare_cached(INSERT_MARK)?),
        };
        insert(statement, mark)?;
        self.rows += 1;
        Ok(())
    }

    fn write_audit(&mut self, entry: Option<AuditEntry>) -> Result<()> {
        Ok(entry.map_or(Ok(()), |entry| append(self.conn, entry))?)
    }
}

impl Batch<'_> {
    /// Counts the work of judging sessions that were read before this transaction.
    pub(super) fn count_read(&mut self, read: &SeatsRead) {
        self.rows += read.values().map(|seats| seats.members.len() / JUDGED_PER_ROW).sum::<usize>();
    }

    /// A session with its unfolded touches.
    pub(super) fn touched(&self, kept: SessionRow) -> SessionRow {
        SessionRow { seen: self.shared.seen(kept.row, kept.seen), ..kept }
    }
}

impl Reading<'_> {
    /// The sessions of a user that may be alive.
    pub(super) fn seats(self, user: UserId, now: Moment) -> Result<Seats> {
        let mut seats = Seats::default();
        under(self.conn, Anchor::User(user), u64::MAX, |SessionRow { row, record, seen, .. }| {
            seats.upto = seats.upto.max(row);
            // Touches that are waiting now may be folded before the writer uses this.
            let seen = self.shared.seen(row, seen);
            let verdict = self.shared.book().verdict(&record.session, seen, now);
            if verdict == Verdict::Alive {
                seats.members.push(Member { row, session: record.session, seen });
            }
            Ok(true)
        })?;
        Ok(seats)
    }
}
