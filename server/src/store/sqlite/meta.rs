//! Single values about the whole store.

use exeunt_core::Moment;
use rusqlite::{Connection, OptionalExtension, Result};

use super::encode::bound;
use crate::store::Incarnation;

/// The store's incarnation; a new store gets this one.
pub(super) fn incarnation(conn: &Connection, new: Incarnation) -> Result<Incarnation> {
    conn.execute("INSERT OR IGNORE INTO meta VALUES ('incarnation', ?)", [new.0])?;
    let sql = "SELECT value FROM meta WHERE name = 'incarnation'";
    conn.query_row(sql, [], |row| row.get(0)).map(Incarnation)
}

/// The store's secret; a store without one gets this one.
pub(super) fn secret(conn: &Connection, fresh: [u8; 32]) -> Result<[u8; 32]> {
    conn.execute("INSERT OR IGNORE INTO meta VALUES ('secret', ?)", [fresh])?;
    conn.query_row("SELECT value FROM meta WHERE name = 'secret'", [], |row| row.get(0))
}

/// A number; 0 if it was never set.
pub(super) fn number(conn: &Connection, name: &str) -> Result<u64> {
    let mut statement = conn.prepare_cached("SELECT value FROM meta WHERE name = ?")?;
    Ok(statement.query_row([name], |row| row.get(0)).optional()?.unwrap_or(0))
}

pub(super) fn set_number(conn: &Connection, name: &str, value: u64) -> Result<()> {
    let mut statement = conn.prepare_cached("INSERT OR REPLACE INTO meta VALUES (?, ?)")?;
    statement.execute((name, bound(value))).map(|_| ())
}

/// Reserves numbers and returns the first.
pub(super) fn reserve(conn: &Connection, count: u64) -> Result<u64> {
    let before = number(conn, "reserved")?;
    set_number(conn, "reserved", before.saturating_add(count))?;
    Ok(before + 1)
}

/// When this file was copied, if it is a backup: only `restore` may make a store of it.
pub(super) fn backup(conn: &Connection) -> Result<Option<Moment>> {
    let there = conn.table_exists(None, "meta")?;
    let sql = "SELECT value FROM meta WHERE name = 'backup'";
    let at = if there { conn.query_row(sql, [], |row| row.get(0)).optional()? } else { None };
    Ok(at.map(Moment::from_millis))
}
