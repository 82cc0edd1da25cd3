//! Reads sessions.

use exeunt_core::{Anchor, DialectName, Fingerprint, Moment, Session, SessionId, Stamp};
use rusqlite::{Connection, OptionalExtension, Row, ToSql};

use super::encode::{bound, kind, moment, read_address, read_anchors};
use super::grants::{GENERATION, generation, read_grant};
use super::reader::Reading;
use crate::error::Result;
use crate::store::rules::choice::is_listed;
use crate::store::rules::rows::SessionRow;
use crate::store::rules::sight::Touches as _;
use crate::store::{Found, List, Record, SessionBy, SessionPage};

/// The most sessions examined for one page of a list: where most are of another realm or client, or below the floor, a
/// page may be empty although the list continues.
const LOOKED_AT_MAX: usize = 2_000;

/// A session recorded while the wall clock was ahead has an `issued_at` in the future: it counts as issued when that
/// was noticed. The record is not changed.
const KEPT: &str = "s.place, s.id, s.stamp, s.anchors, \
     CASE WHEN s.place <= (SELECT value FROM meta WHERE name = 'written_session') \
       THEN min(s.issued_at, (SELECT value FROM meta WHERE name = 'written_by')) ELSE s.issued_at END, \
     s.idle_secs, s.absolute_secs, s.door, s.token, s.source, s.user_agent, s.granted, e.at";
/// The column after [`KEPT`].
const AFTER_KEPT: usize = 13;
const BESIDE: &str = "LEFT JOIN seen e ON e.place = s.place LEFT JOIN generations g ON g.place = s.place";

/// A session as stored: its last-seen lacks the unfolded touches.
fn kept(row: &Row<'_>) -> rusqlite::Result<SessionRow> {
    let session = Session {
        id: SessionId(row.get(1)?),
        stamp: Stamp::from_number(row.get(2)?),
        anchors: read_anchors(row.get_ref(3)?.as_blob()?)?,
        issued_at: moment(row, 4)?,
        idle_secs: row.get(5)?,
        absolute_secs: row.get(6)?,
    };
    let record = Record {
        session,
        dialect: DialectName::new(row.get_ref(7)?.as_str()?),
        token: read_token(row.get_ref(8)?.as_blob()?),
        grant: read_grant(row.get_ref(11)?.as_str_or_null()?)?,
        from: read_address(row.get_ref(9)?.as_blob_or_null()?)?,
        user_agent: row.get(10)?,
    };
    let seen = row.get::<_, Option<u64>>(12)?.map(Moment::from_millis);
    let generation = generation(row, AFTER_KEPT)?;
    Ok(SessionRow { seen: seen.unwrap_or(record.session.issued_at), record, row: row.get(0)?, generation })
}

/// What stands in the column of the token: the id of a session that has none. It is shorter than every fingerprint, so
/// no token finds it.
pub(super) fn token_column(record: &Record) -> &[u8] {
    record.token.as_ref().map_or(&record.session.id.0[..], |token| &token.0[..])
}

fn read_token(column: &[u8]) -> Option<Fingerprint> {
    column.try_into().ok().map(Fingerprint)
}

pub(super) fn find(conn: &Connection, by: SessionBy) -> Result<Option<SessionRow>> {
    match by {
        SessionBy::Id(id) => one(conn, "s.id = ?", &id.0),
        SessionBy::Token(token) => one(conn, "s.token = ?", &token.0),
    }
}

pub(super) fn at_row(conn: &Connection, row: u64) -> Result<Option<SessionRow>> {
    one(conn, "s.place = ?", &bound(row))
}

fn one(conn: &Connection, wanted: &str, value: &dyn ToSql) -> Result<Option<SessionRow>> {
    let sql = format!("SELECT {KEPT}, {GENERATION} FROM sessions s {BESIDE} WHERE {wanted}");
    Ok(conn.prepare_cached(&sql)?.query_row([value], kept).optional()?)
}

/// Sessions with a greater row, oldest first, while `each` returns `true`.
pub(super) fn after(
    conn: &Connection,
    row: u64,
    mut each: impl FnMut(SessionRow) -> Result<bool>,
) -> Result<()> {
    let sql =
        format!("SELECT {KEPT}, {GENERATION} FROM sessions s {BESIDE} WHERE s.place > ? ORDER BY s.place");
    let mut statement = conn.prepare_cached(&sql)?;
    let mut rows = statement.query([bound(row)])?;
    while let Some(row) = rows.next()? {
        if !each(kept(row)?)? {
            break;
        }
    }
    Ok(())
}

/// Sessions under an anchor other than a realm, newest first, while `each` returns `true`.
pub(super) fn under(
    conn: &Connection,
    anchor: Anchor,
    before: u64,
    each: impl FnMut(SessionRow) -> Result<bool>,
) -> Result<()> {
    let sql = format!(
        "SELECT {KEPT}, {GENERATION} FROM hangs h CROSS JOIN sessions s ON s.place = h.place {BESIDE} \
         WHERE h.kind = ? AND h.anchor = ? AND h.place < ? ORDER BY h.place DESC"
    );
    let mut statement = conn.prepare_cached(&sql)?;
    feed(statement.query((kind(anchor), anchor.id(), bound(before)))?, each)
}

/// Sessions under an anchor other than a realm with a greater row, oldest first, while `each` returns `true`.
pub(super) fn under_after(
    conn: &Connection,
    anchor: Anchor,
    after: u64,
    each: impl FnMut(SessionRow) -> Result<bool>,
) -> Result<()> {
    let sql = format!(
        "SELECT {KEPT}, {GENERATION} FROM hangs h CROSS JOIN sessions s ON s.place = h.place {BESIDE} \
         WHERE h.kind = ? AND h.anchor = ? AND h.place > ? ORDER BY h.place"
    );
    let mut statement = conn.prepare_cached(&sql)?;
    feed(statement.query((kind(anchor), anchor.id(), bound(after)))?, each)
}

/// Of two anchors, fewer sessions hang from the one with the greater number.
const fn narrowness(anchor: Anchor) -> u8 {
    match anchor {
        Anchor::Realm(_) => 0,
        Anchor::Client(_) => 1,
        Anchor::User(_) => 2,
        Anchor::Session(_) => 3,
        Anchor::Consent(_) => 4,
    }
}

fn all_before(conn: &Connection, before: u64, each: impl FnMut(SessionRow) -> Result<bool>) -> Result<()> {
    let sql = format!(
        "SELECT {KEPT}, {GENERATION} FROM sessions s {BESIDE} WHERE s.place < ? ORDER BY s.place DESC"
    );
    let mut statement = conn.prepare_cached(&sql)?;
    feed(statement.query([bound(before)])?, each)
}

fn feed(mut rows: rusqlite::Rows<'_>, mut each: impl FnMut(SessionRow) -> Result<bool>) -> Result<()> {
    while let Some(row) = rows.next()? {
        if !each(kept(row)?)? {
            break;
        }
    }
    Ok(())
}

impl Reading<'_> {
    pub(super) fn session(self, by: SessionBy, now: Moment) -> Result<Option<Found>> {
        Ok(find(self.conn, by)?.map(|kept| self.found(kept, now)))
    }

    pub(super) fn sessions(self, list: &List) -> Result<SessionPage> {
        let limit = usize::try_from(list.limit).unwrap_or(usize::MAX);
        let mut page = SessionPage::default();
        let mut looked_at = 0;
        let each = |kept: SessionRow| {
            let (row, session) = (kept.row, &kept.record.session);
            if is_listed(list, session) && page.found.len() < limit {
                page.found.push(self.found(kept, list.now));
            }
            looked_at += 1;
            let full = page.found.len() >= limit || looked_at >= LOOKED_AT_MAX;
            page.next = full.then_some(row);
            Ok(!full)
        };
        match list.under.iter().max_by_key(|anchor| narrowness(**anchor)) {
            Some(anchor) => under(self.conn, *anchor, list.before, each)?,
            None => all_before(self.conn, list.before, each)?,
        }
        Ok(page)
    }

    pub(super) fn unended(self, row: u64, limit: u32, now: Moment) -> Result<Vec<Found>> {
        let limit = usize::try_from(limit).unwrap_or(usize::MAX);
        let mut found = Vec::new();
        after(self.conn, row, |kept| {
            let ended = self.shared.book().own(kept.record.session.id).is_some();
            if !ended && found.len() < limit {
                found.push(self.found(kept, now));
            }
            Ok(found.len() < limit)
        })?;
        Ok(found)
    }

    fn found(self, kept: SessionRow, now: Moment) -> Found {
        let seen = self.shared.seen(kept.row, kept.seen);
        self.shared.book().found(SessionRow { seen, ..kept }, now)
    }
}
