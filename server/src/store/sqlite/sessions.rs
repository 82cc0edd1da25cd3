//! Reads sessions.

use exeunt_core::{Anchor, DialectName, Fingerprint, Moment, Session, SessionId, Stamp, Verdict};
use rusqlite::{Connection, OptionalExtension, Row, ToSql};

use super::encode::{bound, kind, moment, read_address, read_anchors};
use super::reader::Reading;
use crate::error::Result;
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
     s.idle_secs, s.absolute_secs, s.door, s.token, s.source, s.user_agent, e.at";
const BESIDE: &str = "LEFT JOIN seen e ON e.place = s.place";

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
        token: Fingerprint(row.get(8)?),
        from: read_address(row.get_ref(9)?.as_blob_or_null()?)?,
        user_agent: row.get(10)?,
    };
    let seen = row.get::<_, Option<u64>>(11)?.map(Moment::from_millis);
    Ok(SessionRow { seen: seen.unwrap_or(record.session.issued_at), record, row: row.get(0)? })
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
    let sql = format!("SELECT {KEPT} FROM sessions s {BESIDE} WHERE {wanted}");
    Ok(conn.prepare_cached(&sql)?.query_row([value], kept).optional()?)
}

/// Sessions with a greater row, oldest first, while `each` returns `true`.
pub(super) fn after(
    conn: &Connection,
    row: u64,
    mut each: impl FnMut(SessionRow) -> Result<bool>,
) -> Result<()> {
    let sql = format!("SELECT {KEPT} FROM sessions s {BESIDE} WHERE s.place > ? ORDER BY s.place");
    let mut statement = conn.prepare_cached(&sql)?;
    let mut rows = statement.query([bound(row)])?;
    while let Some(row) = rows.next()? {
        if !each(kept(row)?)? {
            break;
        }
    }
    Ok(())
}

/// Sessions under a user or a client, newest first, while `each` returns `true`.
pub(super) fn under(
    conn: &Connection,
    anchor: Anchor,
    before: u64,
    each: impl FnMut(SessionRow) -> Result<bool>,
) -> Result<()> {
    let sql = format!(
        "SELECT {KEPT} FROM hangs h CROSS JOIN sessions s ON s.place = h.place {BESIDE} \
         WHERE h.kind = ? AND h.anchor = ? AND h.place < ? ORDER BY h.place DESC"
    );
    let mut statement = conn.prepare_cached(&sql)?;
    feed(statement.query((kind(anchor), anchor.id(), bound(before)))?, each)
}

/// Sessions under a user or a client with a greater row, oldest first, while `each` returns `true`.
pub(super) fn under_after(
    conn: &Connection,
    anchor: Anchor,
    after: u64,
    each: impl FnMut(SessionRow) -> Result<bool>,
) -> Result<()> {
    let sql = format!(
        "SELECT {KEPT} FROM hangs h CROSS JOIN sessions s ON s.place = h.place {BESIDE} \
         WHERE h.kind = ? AND h.anchor = ? AND h.place > ? ORDER BY h.place"
    );
    let mut statement = conn.prepare_cached(&sql)?;
    feed(statement.query((kind(anchor), anchor.id(), bound(after)))?, each)
}

fn all_before(conn: &Connection, before: u64, each: impl FnMut(SessionRow) -> Result<bool>) -> Result<()> {
    let sql = format!("SELECT {KEPT} FROM sessions s {BESIDE} WHERE s.place < ? ORDER BY s.place DESC");
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
            let hangs = |anchor: &Anchor| session.anchors.contains(anchor);
            let wanted = session.stamp >= list.floor
                && hangs(&Anchor::Realm(list.realm))
                && list.under.iter().all(hangs);
            if wanted && page.found.len() < limit {
                page.found.push(self.found(kept, list.now));
            }
            looked_at += 1;
            let full = page.found.len() >= limit || looked_at >= LOOKED_AT_MAX;
            page.next = full.then_some(row);
            Ok(!full)
        };
        // A user has fewer sessions than a client.
        let user = list.under.iter().find(|anchor| matches!(anchor, Anchor::User(_)));
        match user.or(list.under.first()) {
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
        let verdict: Verdict = self.shared.book().verdict(&kept.record.session, seen, now);
        Found { record: kept.record, row: kept.row, seen, verdict }
    }
}
