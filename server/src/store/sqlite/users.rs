//! Users.

use exeunt_core::{RealmId, UserId};
use rusqlite::{OptionalExtension, Row};

use super::batch::Batch;
use super::encode::{bound, corrupt, moment};
use super::meta;
use super::reader::Reading;
use crate::error::{Error, Result};
use crate::store::{Identifier, PasswordHash, User, conflict};

const USER: &str = "u.number, u.id, u.realm, u.username, u.email, u.account_number, u.password, u.first_name, \
                    u.last_name, u.data, u.disabled, u.deleted, u.created_at, u.updated_at, u.version";

impl Reading<'_> {
    pub(super) fn user(self, realm: RealmId, by: &Identifier) -> Result<Option<User>> {
        let by_id = format!("SELECT {USER} FROM users u WHERE u.realm = ?1 AND u.id = ?2");
        let by_key = format!(
            "SELECT {USER} FROM identifiers i JOIN users u ON u.number = i.user \
             WHERE i.realm = ?1 AND i.field = ?2 AND i.key = ?3"
        );
        let found = match (by, by.unique_key()) {
            (Identifier::Id(id), _) => self.conn.prepare_cached(&by_id)?.query_row((realm.0, id.0), user),
            (_, Some((field, key))) => {
                self.conn.prepare_cached(&by_key)?.query_row((realm.0, field, key), user)
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

impl Batch<'_> {
    pub(super) fn save_user(&self, mut user: User) -> Result<User> {
        let stored = self
            .conn
            .prepare_cached("SELECT number, version FROM users WHERE id = ?")?
            .query_row([user.id.0], |row| Ok((row.get(0)?, row.get(1)?)))
            .optional()?;
        let (number, version): (Option<u64>, u64) = stored.map_or((None, 0), |(n, v)| (Some(n), v));
        if version != user.version {
            return Err(conflict("version"));
        }
        user.number = number.map_or_else(|| self.next_number(), Ok)?;
        user.version += 1;
        self.identify(&user)?;
        self.write_user(&user)?;
        Ok(user)
    }

    /// Also greater than any that was given before the store was put back to an earlier state.
    fn next_number(&self) -> rusqlite::Result<u64> {
        let sql = "SELECT coalesce(max(number), 0) FROM users";
        let last: u64 = self.conn.query_row(sql, [], |row| row.get(0))?;
        Ok(last.max(meta::number(self.conn, "users_before")?) + 1)
    }

    /// Adds a user unless one of its identifiers is taken: then nothing is written.
    pub(super) fn import_user(&self, user: User) -> Result<Result<u64>> {
        let mut taken = self
            .conn
            .prepare_cached("SELECT 1 FROM identifiers WHERE realm = ? AND field = ? AND key = ?")?;
        if user.version != 0 {
            return Err(conflict("version"));
        }
        for (field, key) in user.unique_keys() {
            if taken.exists((user.realm.0, field, key))? {
                return Ok(Err(conflict(field)));
            }
        }
        self.save_user(user).map(|user| Ok(user.number))
    }

    /// Registers what the user logs in with instead of what it logged in with before. A deleted user has nothing.
    fn identify(&self, user: &User) -> Result<()> {
        let before = format!("SELECT {USER} FROM users u WHERE u.number = ?");
        let before =
            self.conn.prepare_cached(&before)?.query_row([bound(user.number)], self::user).optional()?;
        let mut free = self.conn.prepare_cached(
            "DELETE FROM identifiers WHERE realm = ? AND field = ? AND key = ? AND user = ?",
        )?;
        for (field, key) in before.iter().flat_map(User::unique_keys) {
            free.execute((user.realm.0, field, key, bound(user.number)))?;
        }
        if user.deleted {
            return Ok(());
        }
        let mut take = self.conn.prepare_cached("INSERT OR IGNORE INTO identifiers VALUES (?, ?, ?, ?)")?;
        for (field, key) in user.unique_keys() {
            if take.execute((user.realm.0, field, key, bound(user.number)))? == 0 {
                return Err(conflict(field));
            }
        }
        Ok(())
    }

    fn write_user(&self, user: &User) -> Result<()> {
        let sql = "INSERT OR REPLACE INTO users VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)";
        self.conn.prepare_cached(sql)?.execute((
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
        data: serde_json::from_str(data).map_err(|_| corrupt("data that is no object"))?,
        disabled: row.get(10)?,
        deleted: row.get(11)?,
        created_at: moment(row, 12)?,
        updated_at: moment(row, 13)?,
        version: row.get(14)?,
    })
}
