//! Users.

use exeunt_core::{RealmId, UserId};
use rusqlite::{Connection, OptionalExtension, Row};

use super::encode::{bound, corrupt, moment};
use super::identifiers::{earlier_key, usernames};
use super::meta;
use super::reader::Reading;
use crate::error::{Error, Result};
use crate::store::{Identifier, PasswordHash, User, Usernames};

const USER: &str = "u.number, u.id, u.realm, u.username, u.email, u.account_number, u.password, u.first_name, \
                    u.last_name, u.data, u.disabled, u.deleted, u.created_at, u.updated_at, u.version";

impl Reading<'_> {
    pub(super) fn user(self, realm: RealmId, by: &Identifier) -> Result<Option<User>> {
        let by_id = format!("SELECT {USER} FROM users u WHERE u.realm = ?1 AND u.id = ?2");
        let by_key = format!(
            "SELECT {USER} FROM identifiers i JOIN users u ON u.number = i.user \
             WHERE i.realm = ?1 AND i.field = ?2 AND i.key = ?3"
        );
        let by_folded = format!(
            "SELECT {USER} FROM identifiers i INDEXED BY identifiers_folded JOIN users u ON u.number = i.user \
             WHERE i.realm = ?1 AND i.folded = ?2"
        );
        let usernames = match by {
            Identifier::Username(_) => usernames(self.conn, realm)?,
            Identifier::Id(_) | Identifier::Email(_) | Identifier::AccountNumber(_) => Usernames::Exact,
        };
        let found = match (by, by.unique_key(usernames)) {
            (Identifier::Id(id), _) => self.conn.prepare_cached(&by_id)?.query_row((realm.0, id.0), user),
            (_, Some((_, folded))) if usernames == Usernames::IgnoreCase => {
                self.conn.prepare_cached(&by_folded)?.query_row((realm.0, folded), user)
            }
            (_, Some((field, key))) => {
                let mut statement = self.conn.prepare_cached(&by_key)?;
                let earlier = earlier_key(by);
                if earlier != key
                    && let Some(found) = statement.query_row((realm.0, field, earlier), user).optional()?
                {
                    return Ok(Some(found));
                }
                statement.query_row((realm.0, field, key), user)
            }
            (_, None) => return Ok(None),
        };
        Ok(found.optional()?)
    }

    pub(super) fn users(self, realm: RealmId, after: u64, limit: u32) -> Result<Vec<User>> {
        let sql = format!(
            "SELECT {USER} FROM users u WHERE u.number > ? AND u.realm = ? AND NOT u.deleted \
             ORDER BY u.number LIMIT ?"
        );
        let mut statement = self.conn.prepare_cached(&sql)?;
        let users = statement.query_map((bound(after), realm.0, limit), user)?;
        Ok(users.collect::<rusqlite::Result<_>>()?)
    }

    pub(super) fn password_hashes(self, after: u64, limit: u32) -> Result<Vec<(u64, PasswordHash)>> {
        let sql = "SELECT number, password FROM users WHERE number > ? AND password IS NOT NULL \
                   ORDER BY number LIMIT ?";
        let mut statement = self.conn.prepare_cached(sql)?;
        let hash = |row: &Row<'_>| Ok((row.get(0)?, PasswordHash(row.get(1)?)));
        let hashes = statement.query_map((bound(after), limit), hash)?;
        Ok(hashes.collect::<rusqlite::Result<_>>()?)
    }
}

pub(super) fn by_id(conn: &Connection, id: UserId) -> Result<Option<User>> {
    let sql = format!("SELECT {USER} FROM users u WHERE u.id = ?");
    Ok(conn.prepare_cached(&sql)?.query_row([id.0], user).optional()?)
}

/// The number of the next new user; also greater than every number given before the store was reset to an earlier state.
pub(super) fn next_number(conn: &Connection) -> Result<u64> {
    let sql = "SELECT coalesce(max(number), 0) FROM users";
    let last: u64 = conn.query_row(sql, [], |row| row.get(0))?;
    Ok(last.max(meta::number(conn, "users_before")?) + 1)
}

/// Writes a user's own row.
pub(super) fn put(conn: &Connection, user: &User) -> Result<()> {
    let sql = "INSERT OR REPLACE INTO users VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)";
    conn.prepare_cached(sql)?.execute((
        bound(user.number),
        user.id.0,
        user.realm.0,
        &user.username,
        &user.email,
        &user.account_number,
        user.password.as_ref().map(|password| &password.0),
        &user.first_name,
        &user.last_name,
        serde_json::to_string(&user.data).map_err(Error::internal)?,
        user.disabled,
        user.deleted,
        user.created_at.millis(),
        user.updated_at.millis(),
        bound(user.version),
    ))?;
    Ok(())
}

fn user(row: &Row<'_>) -> rusqlite::Result<User> {
    let data = row.get_ref(9)?.as_str()?;
    Ok(User {
        number: row.get(0)?,
        id: UserId(row.get(1)?),
        realm: RealmId(row.get(2)?),
        username: row.get(3)?,
        email: row.get(4)?,
        account_number: row.get(5)?,
        password: row.get::<_, Option<_>>(6)?.map(PasswordHash),
        first_name: row.get(7)?,
        last_name: row.get(8)?,
        data: serde_json::from_str(data).map_err(|_| corrupt("data that is not an object"))?,
        disabled: row.get(10)?,
        deleted: row.get(11)?,
        created_at: moment(row, 12)?,
        updated_at: moment(row, 13)?,
        version: row.get(14)?,
    })
}
