//! Imports users of another system with their password hashes, in batches.

use exeunt_core::{RealmId, UserId};

use crate::authority::passwords::Passwords;
use crate::authority::user::blank;
use crate::authority::{Authority, Call, UserChange};
use crate::error::{Error, Kind, Result};
use crate::store::{PasswordHash, User};

/// The largest batch, in users.
pub const IMPORT_USERS_MAX: usize = 1_000;
/// The most users added in one transaction, so that no logout waits for a whole batch.
const IMPORTED_PER_WRITE: usize = 100;

/// A user of another system.
#[derive(Default)]
pub struct Newcomer {
    /// The user's data. It has no password in clear text: hashes are imported.
    pub user: UserChange,
    /// The hash of the password, in any form that [`Passwords`] reads; renewed at the first login.
    pub password_hash: Option<String>,
}

/// The result for one user.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Imported {
    /// The user was added (on a dry run: would be).
    Made(UserId),
    /// A user with exactly these identifiers exists: nothing was changed.
    There(UserId),
}

/// Whether anything is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Run {
    /// Writes.
    Real,
    /// Only reports what would happen.
    Dry,
}

impl Authority {
    /// Adds users, several in one transaction, and returns one result each, in order. A refused
    /// user (`Malformed(field)`, `Conflict(field)`) is not added and does not affect the others.
    ///
    /// # Errors
    /// `Malformed` for too many; `Unavailable`: a retry is safe, since users that were added are recognised.
    pub async fn import_users(
        &self,
        call: &Call,
        realm: RealmId,
        newcomers: Vec<Result<Newcomer>>,
        run: Run,
    ) -> Result<Vec<Result<Imported>>> {
        if newcomers.len() > IMPORT_USERS_MAX {
            return Err(Error::malformed(
                "users",
                format!("the batch has {} users; expected at most {IMPORT_USERS_MAX}", newcomers.len()),
            ));
        }
        let users: Vec<Result<User>> = newcomers
            .into_iter()
            .map(|newcomer| newcomer.and_then(|newcomer| self.newcomer(call, realm, newcomer)))
            .collect();
        let usable: Vec<User> = users.iter().flatten().cloned().collect();
        let mut added = match run {
            Run::Real => self.add(call, realm, usable).await?,
            Run::Dry => self.try_out(usable).await?,
        }
        .into_iter();
        let mut outcomes = Vec::with_capacity(users.len());
        for user in users {
            outcomes.push(match user {
                Err(error) => Err(error),
                Ok(user) => {
                    let added = added.next().unwrap_or_else(|| {
                        Err(Error::internal("the store returned fewer outcomes than rows"))
                    });
                    self.outcome(user, added).await?
                }
            });
        }
        Ok(outcomes)
    }

    async fn add(&self, call: &Call, realm: RealmId, users: Vec<User>) -> Result<Vec<Result<u64>>> {
        // Before these users can log in.
        let hashes = users.iter().filter_map(|user| user.password.as_ref());
        hashes.for_each(|hash| self.passwords.hold_form(hash));
        let mut outcomes = Vec::with_capacity(users.len());
        for some in users.chunks(IMPORTED_PER_WRITE) {
            let _writing = self.may_write(call).await?;
            let audit = call.audit(Some(realm), "user.import", &format_args!("a batch of {}", some.len()));
            outcomes.extend(self.settle(self.store.import_users(some.to_vec(), Some(audit)).await)?);
        }
        Ok(outcomes)
    }

    /// What the store would answer, without regard to the other users of this batch.
    async fn try_out(&self, users: Vec<User>) -> Result<Vec<Result<u64>>> {
        let mut outcomes = Vec::with_capacity(users.len());
        for user in users {
            let mut outcome = Ok(0);
            for identifier in user.identifiers() {
                let field = identifier.field();
                if outcome.is_ok() && self.find_user(user.realm, identifier).await?.is_some() {
                    outcome = Err(Error::new(Kind::Conflict(field), format!("this {field} is taken")));
                }
            }
            outcomes.push(outcome);
        }
        Ok(outcomes)
    }

    /// A user with exactly these identifiers is the same one: it was imported before.
    async fn outcome(&self, user: User, added: Result<u64>) -> Result<Result<Imported>> {
        let Err(refused) = added else { return Ok(Ok(Imported::Made(user.id))) };
        let Some(identifier) = user.identifiers().into_iter().next() else { return Ok(Err(refused)) };
        let usernames = self.usernames(user.realm);
        let there = self.find_user(user.realm, identifier).await?;
        let same = there.filter(|there| there.unique_keys(usernames) == user.unique_keys(usernames));
        Ok(same.map(|there| Imported::There(there.id)).ok_or(refused))
    }

    fn newcomer(&self, call: &Call, realm: RealmId, newcomer: Newcomer) -> Result<User> {
        let Newcomer { user: change, password_hash } = newcomer;
        let change = change.composed();
        if change.password.is_some() {
            return Err(Error::malformed("password", "password is given; give password_hash instead"));
        }
        let password = password_hash.map(PasswordHash);
        password.as_ref().map_or(Ok(()), Passwords::must_be_usable)?;
        let blank = User { password, ..blank(call.mint.user_id(), realm, call.now) };
        change.validate()?;
        change.upon(blank, call.now)
    }
}
