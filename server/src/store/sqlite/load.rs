//! Reads the marks in force from the file: all when it is opened, and the new ones when it is opened again.

use std::collections::HashMap;

use exeunt_core::{Mark, Marks, Moment, SessionId, Stamp};
use rusqlite::{Connection, Result};

use super::batch::FileEnds;
use super::encode::{KIND_SESSION, MARK, bound, mark, moment};
use super::{ahead, life, meta};
use crate::store::rules::book::Book;
use crate::store::rules::choice::session_id;
use crate::store::rules::sweep::Progress;

/// The marks in force, and the rest of the writer's memory.
pub(super) struct LoadedStore {
    pub(super) book: Book,
    pub(super) places: FileEnds,
    pub(super) seen: HashMap<u64, Moment>,
}

/// What a write with an unknown outcome left in the file.
pub(super) struct News {
    pub(super) marks: Vec<Mark>,
    /// Sessions whose own marks are not in force any more.
    pub(super) forgotten: Vec<SessionId>,
    pub(super) seen: HashMap<u64, Moment>,
}

/// Reads everything.
pub(super) fn all(conn: &Connection) -> Result<LoadedStore> {
    let places = places(conn)?;
    let own_start = places.progress.own_start;
    let mut marks = Marks::new();
    let pulled =
        format!("SELECT {MARK}, max(stamp) FROM marks WHERE kind <> {KIND_SESSION} GROUP BY kind, anchor");
    let own = format!("SELECT {MARK} FROM marks WHERE kind = {KIND_SESSION} AND stamp >= {own_start}");
    for sql in [pulled, own] {
        let mut statement = conn.prepare(&sql)?;
        let mut rows = statement.query([])?;
        while let Some(row) = rows.next()? {
            marks.raise(&mark(row)?);
        }
    }
    let last = Stamp::from_number(life::last_stamp(conn)?);
    Ok(LoadedStore { book: Book::new(marks, last), places, seen: seen(conn)? })
}

/// Reads what is new: the log after `last`, and sessions' own marks that were forgotten since `own_start`.
pub(super) fn since(conn: &Connection, last: Stamp, own_start: u64) -> Result<(News, FileEnds)> {
    let places = places(conn)?;
    let sql = format!("SELECT {MARK} FROM marks WHERE stamp > ? ORDER BY stamp");
    let marks = conn.prepare(&sql)?.query_map([bound(last.number())], mark)?.collect::<Result<_>>()?;
    let sql = format!("SELECT {MARK} FROM marks WHERE kind = {KIND_SESSION} AND stamp >= ? AND stamp < ?");
    let mut statement = conn.prepare(&sql)?;
    let gone = statement.query_map((bound(own_start), bound(places.progress.own_start)), mark)?;
    let forgotten = gone.filter_map(|mark| mark.map(|mark| session_id(mark.anchor)).transpose());
    let forgotten = forgotten.collect::<Result<_>>()?;
    Ok((News { marks, forgotten, seen: seen(conn)? }, places))
}

fn places(conn: &Connection) -> Result<FileEnds> {
    let issued: u64 = conn.query_row("SELECT coalesce(max(place), 0) FROM sessions", [], |row| row.get(0))?;
    Ok(FileEnds {
        issued: issued.max(meta::number(conn, "last_place")?),
        progress: Progress {
            log_start: meta::number(conn, "log_start")?,
            own_start: meta::number(conn, "own_start")?,
            round: None,
            written: ahead::written(conn)?,
        },
    })
}

/// The unfolded touches.
fn seen(conn: &Connection) -> Result<HashMap<u64, Moment>> {
    let mut seen = HashMap::new();
    let mut touches = conn.prepare("SELECT place, max(at) FROM touches GROUP BY place")?;
    let mut rows = touches.query([])?;
    while let Some(row) = rows.next()? {
        seen.insert(row.get(0)?, moment(row, 1)?);
    }
    Ok(seen)
}
