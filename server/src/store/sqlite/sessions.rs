//! Reading sessions.

use exeunt_core::{Anchor, Door, Fingerprint, Moment, Session, SessionId, Stamp, Verdict};
use rusqlite::{Connection, OptionalExtension, Row, ToSql};

use super::encode::{bound, kind, moment, read_address, read_anchors};
use super::reader::Reading;
use crate::error::Result;
use crate::store::{Found, List, Record, SessionBy};

/// A session as the file tells it: last-seen without the touches that are not folded.
pub(super) struct Kept {
    pub(super) record: Record,
    pub(super) place: u64,
    pub(super) seen: Moment,
}

const KEPT: &str = "s.place, s.id, s.stamp, s.anchors, s.issued_at, s.idle_secs, s.absolute_secs, s.door, s.token, \
                    s.source, s.user_agent, coalesce(e.at, s.issued_at)";
const BESIDE: &str = "LEFT JOIN seen e ON e.place = s.place";

fn kept(row: &Row<'_>) -> rusqlite::Result<Kept> {
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
        door: Door::new(row.get_ref(7)?.as_str()?),
        token: Fingerprint(row.get(8)?),
        from: read_address(row.get_ref(9)?.as_blob_or_null()?)?,
        user_agent: row.get(10)?,
    };
    Ok(Kept { record, place: row.get(0)?, seen: moment(row, 11)? })
}

pub(super) fn find(conn: &Connection, by: SessionBy) -> Result<Option<Kept>> {
    match by {
        SessionBy::Id(id) => one(conn, "s.id = ?", &id.0),
        SessionBy::Token(token) => one(conn, "s.token = ?", &token.0),
    }
}

pub(super) fn at_place(conn: &Connection, place: u64) -> Result<Option<Kept>> {
    one(conn, "s.place = ?", &bound(place))
}

fn one(conn: &Connection, wanted: &str, value: &dyn ToSql) -> Result<Option<Kept>> {
    let sql = format!("SELECT {KEPT} FROM sessions s {BESIDE} WHERE {wanted}");
    Ok(conn.prepare_cached(&sql)?.query_row([value], kept).optional()?)
}

/// Sessions with a greater place, oldest first, as long as `each` wants more.
pub(super) fn after(conn: &Connection, place: u64, mut each: impl FnMut(Kept) -> Result<bool>) -> Result<()> {
    let sql = format!("SELECT {KEPT} FROM sessions s {BESIDE} WHERE s.place > ? ORDER BY s.place");
    let mut statement = conn.prepare_cached(&sql)?;
    let mut rows = statement.query([bound(place)])?;
    while let Some(row) = rows.next()? {
        if !each(kept(row)?)? {
            break;
        }
    }
    Ok(())
}

/// Sessions that hang from a user or a client, newest first, as long as `each` wants more.
pub(super) fn under(
    conn: &Connection,
    anchor: Anchor,
    before: u64,
    floor: Stamp,
    each: impl FnMut(Kept) -> Result<bool>,
) -> Result<()> {
    let sql = format!(
        "SELECT {KEPT} FROM hangs h CROSS JOIN sessions s ON s.place = h.place {BESIDE} \
         WHERE h.kind = ? AND h.anchor = ? AND h.place < ? AND s.stamp >= ? ORDER BY h.place DESC"
    );
    let parameters = (kind(anchor), anchor.id(), bound(before), bound(floor.number()));
    let mut statement = conn.prepare_cached(&sql)?;
    feed(statement.query(parameters)?, each)
}

fn all_before(
    conn: &Connection,
    before: u64,
    floor: Stamp,
    each: impl FnMut(Kept) -> Result<bool>,
) -> Result<()> {
    let sql = format!(
        "SELECT {KEPT} FROM sessions s {BESIDE} WHERE s.place < ? AND s.stamp >= ? ORDER BY s.place DESC"
    );
    let mut statement = conn.prepare_cached(&sql)?;
    feed(statement.query((bound(before), bound(floor.number())))?, each)
}

fn feed(mut rows: rusqlite::Rows<'_>, mut each: impl FnMut(Kept) -> Result<bool>) -> Result<()> {
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

    pub(super) fn sessions(self, list: &List) -> Result<Vec<Found>> {
        let limit = usize::try_from(list.limit).unwrap_or(usize::MAX);
        let mut found = Vec::new();
        let each = |kept: Kept| {
            let anchors = &kept.record.session.anchors;
            let wanted = anchors.contains(&Anchor::Realm(list.realm))
                && list.under.iter().all(|anchor| anchors.contains(anchor));
            if wanted && found.len() < limit {
                found.push(self.found(kept, list.now));
            }
            Ok(found.len() < limit)
        };
        // A user has fewer sessions than a client.
        let user = list.under.iter().find(|anchor| matches!(anchor, Anchor::User(_)));
        match user.or(list.under.first()) {
            Some(anchor) => under(self.conn, *anchor, list.before, list.floor, each)?,
            None => all_before(self.conn, list.before, list.floor, each)?,
        }
        Ok(found)
    }

    pub(super) fn unended(self, place: u64, limit: u32, now: Moment) -> Result<Vec<Found>> {
        let limit = usize::try_from(limit).unwrap_or(usize::MAX);
        let mut found = Vec::new();
        after(self.conn, place, |kept| {
            let ended = self.shared.book().own(kept.record.session.id).is_some();
            if !ended && found.len() < limit {
                found.push(self.found(kept, now));
            }
            Ok(found.len() < limit)
        })?;
        Ok(found)
    }

    fn found(self, kept: Kept, now: Moment) -> Found {
        let seen = self.shared.seen(kept.place, kept.seen);
        let verdict: Verdict = self.shared.book().verdict(&kept.record.session, seen, now);
        Found { record: kept.record, row: kept.place, seen, verdict }
    }
}
