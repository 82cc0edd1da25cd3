//! Reads the log of marks.

use exeunt_core::{Anchor, Mark, RealmId, Session, Stamp};
use rusqlite::{Connection, OptionalExtension, Rows};

use super::encode::{KIND_SESSION, MARK, MARK_COLUMNS, bound, kind, mark};
use super::meta;
use super::reader::Reading;
use crate::error::{Error, Result};
use crate::store::{MarkPage, Position, SessionMarks};

/// The most marks examined for one page: where other realms have many, a page may be empty although the log continues.
pub(super) const LOOKED_AT_MAX: usize = 20_000;

/// The earliest mark above a session's stamp on any of its anchors. `latest` returns the stamp of a session's own mark,
/// which is in no index.
pub(super) fn first_mark(
    conn: &Connection,
    session: &Session,
    latest: impl Fn(Anchor) -> Option<Stamp>,
) -> Result<Option<Mark>> {
    let own = format!("SELECT {MARK} FROM marks WHERE stamp = ?1 AND stamp > ?2");
    let pulled = format!(
        "SELECT {MARK} FROM marks WHERE kind = ?1 AND anchor = ?2 AND kind <> {KIND_SESSION} AND stamp > ?3 \
         ORDER BY stamp LIMIT 1"
    );
    let mut first: Option<Mark> = None;
    for anchor in &session.anchors {
        let above = bound(session.stamp.number());
        let found = match (anchor, latest(*anchor)) {
            (_, None) => None,
            (Anchor::Session(_), Some(at)) => {
                conn.prepare_cached(&own)?.query_row((at.number(), above), mark).optional()?
            }
            (_, Some(_)) => conn
                .prepare_cached(&pulled)?
                .query_row((kind(*anchor), anchor.id(), above), mark)
                .optional()?,
        };
        first = first.into_iter().chain(found).min_by_key(|mark| mark.at);
    }
    Ok(first)
}

/// The result of a search for marks.
struct Looked {
    marks: Vec<Mark>,
    last: Option<Stamp>,
    /// There may be more: the search stopped before the last row.
    full: bool,
}

/// Searches rows, each a mark and whether it is wanted, for those of a realm, until there are enough or enough rows
/// were examined.
fn look(mut rows: Rows<'_>, realm: Option<RealmId>, limit: usize) -> Result<Looked> {
    let (mut marks, mut looked_at, mut last) = (Vec::new(), 0, None);
    let mut full = limit == 0;
    while !full && let Some(row) = rows.next()? {
        let mark = mark(row)?;
        looked_at += 1;
        last = Some(mark.at);
        if row.get(MARK_COLUMNS)? && realm.is_none_or(|realm| mark.realm == realm) {
            marks.push(mark);
        }
        full = marks.len() >= limit || looked_at >= LOOKED_AT_MAX;
    }
    Ok(Looked { marks, last, full })
}

/// Between an earlier incarnation and this one there is a gap; no reader may continue across it.
fn oldest(conn: &Connection) -> Result<Stamp> {
    let start = meta::number(conn, "log_start")?.max(meta::number(conn, "life_start")?);
    Ok(Stamp::from_number(start.saturating_sub(1)))
}

impl Reading<'_> {
    pub(super) fn why(self, session: &Session) -> Result<Option<Mark>> {
        let latest = |anchor| self.shared.book().marks().latest(anchor).map(|raised| raised.at);
        first_mark(self.conn, session, latest)
    }

    pub(super) fn marks(self, realm: Option<RealmId>, after: Stamp, limit: u32) -> Result<MarkPage> {
        let limit = usize::try_from(limit).unwrap_or(usize::MAX);
        // The file contains all of the book, so a transaction that begins now sees all marks up to here.
        let known = self.shared.position();
        let transaction = self.conn.unchecked_transaction()?;
        let oldest = oldest(&transaction)?;
        if after < oldest {
            return Err(Error::not_found("position in the log, from which older marks were deleted"));
        }
        let sql = format!("SELECT {MARK}, 1 FROM marks WHERE stamp > ? ORDER BY stamp");
        let mut statement = transaction.prepare_cached(&sql)?;
        let looked = look(statement.query([bound(after.number())])?, realm, limit)?;
        let stamp = match looked.last {
            Some(last) if looked.full => last,
            Some(last) => last.max(known.stamp),
            None => known.stamp,
        };
        Ok(MarkPage { marks: looked.marks, position: Position { stamp, ..known }, oldest })
    }

    pub(super) fn in_force(
        self,
        realm: Option<RealmId>,
        own: SessionMarks,
        after: Stamp,
        upto: Stamp,
        limit: u32,
    ) -> Result<MarkPage> {
        let limit = usize::try_from(limit).unwrap_or(usize::MAX);
        let known = self.shared.position();
        let transaction = self.conn.unchecked_transaction()?;
        let wanted = match own {
            SessionMarks::Included => String::new(),
            SessionMarks::LeftOut => format!("AND kind <> {KIND_SESSION}"),
        };
        let sql = format!(
            "SELECT {MARK}, CASE \
               WHEN kind <> {KIND_SESSION} THEN NOT EXISTS (SELECT 1 FROM marks AS later \
                 WHERE later.kind = marks.kind AND later.anchor = marks.anchor \
                   AND later.kind <> {KIND_SESSION} AND later.stamp > marks.stamp) \
               ELSE stamp >= ?3 AND EXISTS (SELECT 1 FROM sessions WHERE id = marks.anchor) END \
             FROM marks NOT INDEXED WHERE stamp > ?1 AND stamp <= ?2 {wanted} ORDER BY stamp"
        );
        let own_start = bound(meta::number(&transaction, "own_start")?);
        let mut statement = transaction.prepare_cached(&sql)?;
        let rows = statement.query((bound(after.number()), bound(upto.number()), own_start))?;
        let looked = look(rows, realm, limit)?;
        let stamp = looked.last.filter(|_| looked.full).unwrap_or(upto);
        let oldest = oldest(&transaction)?;
        Ok(MarkPage { marks: looked.marks, position: Position { stamp, ..known }, oldest })
    }
}
