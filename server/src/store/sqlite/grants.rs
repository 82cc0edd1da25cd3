//! Grants, the last uses of tokens with generations, and the sessions of client credentials.

use exeunt_core::{Fingerprint, Moment, SessionId};
use rusqlite::{Connection, OptionalExtension, Row};
use serde::{Deserialize, Serialize};

use super::encode::{bound, corrupt, moment, read_address, write_address};
use crate::error::{Error, Result};
use crate::store::{Generation, Grant, GrantKind, Proof};

/// The columns that [`generation`] reads. The first is null where there is none.
pub(super) const GENERATION: &str =
    "g.number, g.at, g.source, g.sealed_with, g.thumbprint, g.doubled, g.is_doubled, g.proof_at, g.proof_how";

/// A grant in its column.
#[derive(Serialize, Deserialize)]
struct Stored {
    kind: GrantKind,
    scopes: Vec<String>,
    resources: Vec<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    made_in: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    authenticated_at: Option<u64>,
}

pub(super) fn write_grant(grant: Option<&Grant>) -> Result<Option<String>> {
    let write = |grant: &Grant| {
        let stored = Stored {
            kind: grant.kind,
            scopes: grant.scopes.clone(),
            resources: grant.resources.clone(),
            made_in: grant.made_in.map(|id| id.to_string()),
            authenticated_at: grant.authenticated_at.map(Moment::millis),
        };
        serde_json::to_string(&stored).map_err(Error::internal)
    };
    grant.map(write).transpose()
}

pub(super) fn read_grant(text: Option<&str>) -> rusqlite::Result<Option<Grant>> {
    let Some(text) = text else { return Ok(None) };
    let unreadable = || corrupt("a grant of no known form");
    let stored: Stored = serde_json::from_str(text).map_err(|_| unreadable())?;
    let made_in = stored.made_in.map(|id| id.parse::<SessionId>().map_err(|_| unreadable())).transpose()?;
    Ok(Some(Grant {
        kind: stored.kind,
        scopes: stored.scopes,
        resources: stored.resources,
        made_in,
        authenticated_at: stored.authenticated_at.map(Moment::from_millis),
    }))
}

/// Reads [`GENERATION`], whose first column is this one.
pub(super) fn generation(row: &Row<'_>, first: usize) -> rusqlite::Result<Option<Generation>> {
    let Some(number) = row.get(first)? else { return Ok(None) };
    let proof = match row.get(first + 7)? {
        Some(at) => Some(Proof { at: Moment::from_millis(at), how: row.get(first + 8)? }),
        None => None,
    };
    Ok(Some(Generation {
        number,
        at: moment(row, first + 1)?,
        from: read_address(row.get_ref(first + 2)?.as_blob_or_null()?)?,
        sealed_with: row.get(first + 3)?,
        thumbprint: row.get(first + 4)?,
        doubled: row.get(first + 5)?,
        is_doubled: row.get(first + 6)?,
        proof,
    }))
}

pub(super) fn put_generation(conn: &Connection, row: u64, generation: &Generation) -> Result<()> {
    let sql = "INSERT OR REPLACE INTO generations VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)";
    conn.prepare_cached(sql)?.execute((
        bound(row),
        generation.number,
        generation.at.millis(),
        write_address(generation.from),
        generation.sealed_with,
        generation.thumbprint,
        generation.doubled,
        generation.is_doubled,
        generation.proof.as_ref().map(|proof| proof.at.millis()),
        generation.proof.as_ref().map(|proof| &proof.how),
    ))?;
    Ok(())
}

pub(super) fn sole(conn: &Connection, key: Fingerprint) -> Result<Option<u64>> {
    let mut find = conn.prepare_cached("SELECT place FROM soles WHERE key = ?")?;
    Ok(find.query_row([key.0], |row| row.get(0)).optional()?)
}

pub(super) fn put_sole(conn: &Connection, key: Fingerprint, row: u64) -> Result<()> {
    conn.prepare_cached("INSERT OR REPLACE INTO soles VALUES (?, ?)")?.execute((key.0, bound(row)))?;
    Ok(())
}

/// Deletes what is kept beside a session that is forgotten.
pub(super) fn delete(conn: &Connection, row: u64, key: Option<Fingerprint>) -> Result<()> {
    conn.prepare_cached("DELETE FROM generations WHERE place = ?")?.execute([bound(row)])?;
    if let Some(key) = key {
        let sql = "DELETE FROM soles WHERE key = ? AND place = ?";
        conn.prepare_cached(sql)?.execute((key.0, bound(row)))?;
    }
    Ok(())
}
