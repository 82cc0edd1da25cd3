//! Examines the file of a store without a server: changes nothing, and delays no other process.

use std::net::IpAddr;
use std::path::Path;

use exeunt_core::Moment;
use rusqlite::{Connection, OpenFlags, OptionalExtension};

use super::encode::read_address;
use super::file::{self, RESTORED, beside, explain};
use super::lock::{LOCK, Lock};
use super::meta;
use super::migrate::{STEPS, is_ours};
use crate::error::Result;

/// The schema version that this program writes.
pub const SCHEMA: usize = STEPS.len();
/// The first schema in which a project has a field for "any origin".
const ANY_ORIGIN_SINCE: usize = 3;
/// How many of the latest sessions are examined.
pub const LATEST: u32 = 1_000;

/// What the file contains.
#[derive(Debug)]
pub struct Look {
    /// Its schema version: the number of migration steps.
    pub schema: usize,
    /// When its newest mark was raised.
    pub newest: Option<Moment>,
    /// When it was copied from a store, if it is a backup.
    pub made_at: Option<Moment>,
    /// The clients' addresses of the latest sessions, each with its dialect: [`LATEST`] at most.
    pub latest: Vec<(String, IpAddr)>,
    /// Projects that web pages of any origin may call, each with the name of its realm.
    pub open_to_any_origin: Vec<(String, String)>,
}

/// Whether a store is at this path: one in use, a database of Exeunt that is not a backup, or an unreadable file with a
/// store's lock file beside it. A backup has a lock file too after a server tried to open it.
pub fn is_store(path: &Path) -> bool {
    let locked = || path.canonicalize().is_ok_and(|only| beside(&only, LOCK).exists());
    is_in_use(path) || is_ours_and_no_backup(path).unwrap_or_else(|_| locked())
}

fn is_ours_and_no_backup(path: &Path) -> rusqlite::Result<bool> {
    let conn = Connection::open_with_flags(path, OpenFlags::SQLITE_OPEN_READ_ONLY)?;
    Ok(is_ours(&conn)? && meta::backup(&conn)?.is_none())
}

/// Whether a process has this store open.
pub fn is_in_use(path: &Path) -> bool {
    Lock::is_taken(&path.canonicalize().unwrap_or_else(|_| path.to_owned()))
}

/// Whether a restore to this path was cut short.
pub fn is_half_restored(path: &Path) -> bool {
    path.canonicalize().is_ok_and(|only| beside(&only, RESTORED).exists())
}

/// Examines a store that no process has open.
///
/// # Errors
/// `Unavailable`, with a public text for the operator: it is not a store, or it is damaged.
pub fn look(path: &Path) -> Result<Look> {
    let conn = file::sound(path, path, OpenFlags::SQLITE_OPEN_READ_ONLY)?;
    read(&conn).map_err(|error| explain(path, error))
}

fn read(conn: &Connection) -> rusqlite::Result<Look> {
    let newest = "SELECT at FROM marks ORDER BY stamp DESC LIMIT 1";
    let newest: Option<u64> = conn.query_row(newest, [], |row| row.get(0)).optional()?;
    let mut latest = Vec::new();
    let mut statement = conn.prepare("SELECT door, source FROM sessions ORDER BY place DESC LIMIT ?")?;
    let mut rows = statement.query([LATEST])?;
    while let Some(row) = rows.next()? {
        if let Some(from) = read_address(row.get_ref(1)?.as_blob_or_null()?)? {
            latest.push((row.get(0)?, from));
        }
    }
    let schema = conn.pragma_query_value(None, "user_version", |row| row.get(0))?;
    Ok(Look {
        schema,
        open_to_any_origin: open_to_any_origin(conn, schema)?,
        newest: newest.map(Moment::from_millis),
        made_at: meta::backup(conn)?,
        latest,
    })
}

/// In earlier schemas an empty list meant any origin.
fn open_to_any_origin(conn: &Connection, schema: usize) -> rusqlite::Result<Vec<(String, String)>> {
    let said = match schema {
        ..ANY_ORIGIN_SINCE => "json_array_length(c.settings, '$.allowed_origins') = 0",
        ANY_ORIGIN_SINCE.. => "json_extract(c.settings, '$.any_origin')",
    };
    let sql = format!(
        "SELECT c.name, r.name FROM clients c JOIN realms r ON r.id = c.realm \
         WHERE NOT c.removed AND json_extract(c.settings, '$.kind') = 'project' AND {said} ORDER BY r.name, c.name"
    );
    let mut statement = conn.prepare(&sql)?;
    let projects = statement.query_map([], |row| Ok((row.get(0)?, row.get(1)?)))?;
    projects.collect()
}
