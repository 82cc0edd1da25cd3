//! Begins a new incarnation of a store that was reset to an earlier state. That state lacks the logouts since, so
//! nothing of the earlier incarnation is valid any more: no session, no position, no number that was given.

use exeunt_core::{By, Moment, RealmId, Stamp, Why};
use rusqlite::{Connection, Result};

use super::encode::{bound, corrupt};
use super::{audit, batch, meta};
use crate::store::rules::choice::{NAME, by_itself};
use crate::store::{AuditEntry, Incarnation, Position};

/// How far a new incarnation begins ahead of the last stamp and number known from the old one: more than it can have
/// given since.
pub const STRIDE: u64 = 1 << 40;
/// The same for user numbers, which legacy clients may store in 32 bits.
pub const USERS_STRIDE: u64 = 1 << 20;

/// The parameters of a new incarnation.
#[derive(Clone, Copy, Debug)]
pub struct Beginning {
    /// The new incarnation.
    pub incarnation: Incarnation,
    /// The time of the reset.
    pub now: Moment,
    /// What happens to the recorded sessions.
    pub sessions: SessionsAfterReset,
}

/// What happens to the recorded sessions of a store that was reset.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SessionsAfterReset {
    /// All end: a mark is raised on every realm.
    Ended,
    /// They stay alive, and so do those ended after the state was taken: this store has no record of that.
    Alive,
}

/// A new incarnation that has begun.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Begun {
    /// The end of its log.
    pub position: Position,
    /// How many sessions are recorded, dead or alive.
    pub sessions: u64,
    /// When the backup it came from was made; `None` if it came from the database itself.
    pub made_at: Option<Moment>,
}

/// Begins a new incarnation, in one transaction.
pub(super) fn begin(conn: &Connection, beginning: Beginning) -> Result<Begun> {
    let Beginning { incarnation, now, sessions } = beginning;
    let transaction = conn.unchecked_transaction()?;
    let made_at = meta::backup(&transaction)?;
    transaction.execute("DELETE FROM meta WHERE name = 'backup'", [])?;
    transaction.execute("INSERT OR REPLACE INTO meta VALUES ('incarnation', ?)", [incarnation.0])?;
    let first = ahead(last_stamp(&transaction)?, STRIDE)?;
    meta::set_number(&transaction, "life_start", first)?;
    let reserved = ahead(meta::number(&transaction, "reserved")?, STRIDE)?;
    meta::set_number(&transaction, "reserved", reserved)?;
    let users: u64 =
        transaction.query_row("SELECT coalesce(max(number), 0) FROM users", [], |row| row.get(0))?;
    let users = ahead(users.max(meta::number(&transaction, "users_before")?), USERS_STRIDE)?;
    meta::set_number(&transaction, "users_before", users)?;
    let mut last = first - 1;
    if sessions == SessionsAfterReset::Ended {
        for realm in realms(&transaction)? {
            last += 1;
            let raise = by_itself(realm, Why::Restored, now);
            let mark = raise.mark(raise.anchor, raise.why, Stamp::from_number(last));
            batch::insert(&mut transaction.prepare_cached(batch::INSERT_MARK)?, &mark)?;
        }
    }
    audit::append(&transaction, entry(&beginning))?;
    let recorded = transaction.query_row("SELECT count(*) FROM sessions", [], |row| row.get(0))?;
    transaction.commit()?;
    let position = Position { incarnation, stamp: Stamp::from_number(last) };
    Ok(Begun { position, sessions: recorded, made_at })
}

/// The last stamp that the log is known to have given.
pub(super) fn last_stamp(conn: &Connection) -> Result<u64> {
    let last: u64 = conn.query_row("SELECT coalesce(max(stamp), 0) FROM marks", [], |row| row.get(0))?;
    let before = |name| -> Result<u64> { Ok(meta::number(conn, name)?.saturating_sub(1)) };
    Ok(last.max(before("log_start")?).max(before("life_start")?))
}

fn ahead(number: u64, stride: u64) -> Result<u64> {
    let ahead = number.saturating_add(stride);
    // SQLite integers are signed.
    if bound(ahead) == i64::MAX {
        Err(corrupt("a number that is too large for another incarnation"))
    } else {
        Ok(ahead)
    }
}

fn realms(conn: &Connection) -> Result<Vec<RealmId>> {
    let mut statement = conn.prepare("SELECT id FROM realms ORDER BY number")?;
    let rows = statement.query_map([], |row| row.get(0).map(RealmId))?;
    rows.collect()
}

fn entry(beginning: &Beginning) -> AuditEntry {
    let what = match beginning.sessions {
        SessionsAfterReset::Ended => "store.restore",
        SessionsAfterReset::Alive => "store.restore_keeping_sessions",
    };
    AuditEntry {
        place: 0,
        when: beginning.now,
        realm: None,
        by: By::System,
        via: NAME,
        from: None,
        what: what.to_owned(),
        subject: format!("incarnation {}", beginning.incarnation),
    }
}
