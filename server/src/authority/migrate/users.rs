//! Users of another system, with the hashes that they have there: in batches, each committed whole.

use exeunt_core::{RealmId, UserId};

use crate::authority::passwords::Passwords;
use crate::authority::user::blank;
use crate::authority::{Authority, Call, UserChange};
use crate::error::{Error, Kind, Result};
use crate::store::{PasswordHash, User};

/// Users in one batch at most.
pub const IMPORT_USERS_MAX: usize = 1_000;
/// Users added in one transaction at most: no logout waits for a whole batch.
const IMPORTED_PER_WRITE: usize = 100;

/// A user of another system.
#[derive(Default)]
pub struct Newcomer {
    /// Who it is. A password in clear is no part of it: what is imported are hashes.
    pub user: UserChange,
    /// The hash of its password, in any form that [`Passwords`] reads; renewed at its first login.
    pub password_hash: Option<String>,
}

/// What became of one.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Imported {
    /// It was added (on a dry run: it would be).
    Made(UserId),
    /// There is a user with these very identifiers: nothing was changed.
    There(UserId),
}

/// Whether anything is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Run {
    /// Yes.
    Real,
    /// It only looks what would become of it.
    Dry,
}

impl Authority {
    /// Adds users, so many in one transaction, and tells of each, in their order, what became of it. One that is refused
    /// (`Malformed(field)`, `Conflict(field)`) is not there at all, and keeps no other one out.
    ///
    /// # Errors
    /// `Malformed` for too many; `Unavailable`: asking again is safe, for who is there is found to be.
    pub async fn import_users(
        &self,
        call: &Call,
        realm: RealmId,
        newcomers: Vec<Result<Newcomer>>,
        run: Run,
    ) -> Result<Vec<Result<Imported>>> {
        if newcomers.len() > IMPORT_USERS_MAX {
            return Err(Error::malformed("users", format!("one batch has at most {IMPORT_USERS_MAX} users")));
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
                    let added = added.next().unwrap_or_else(|| Err(Error::internal("an outcome is missing")));
                    self.outcome(user, added).await?
                }
            });
        }
        Ok(outcomes)
    }

    async fn add(&self, call: &Call, realm: RealmId, users: Vec<User>) -> Result<Vec<Result<u64>>> {
        // Before anybody can log in with them.
        let hashes = users.iter().filter_map(|user| user.password.as_ref());
        hashes.for_each(|hash| self.passwords.hold_form(hash));
        let mut outcomes = Vec::with_capacity(users.len());
        for some in users.chunks(IMPORTED_PER_WRITE) {
            self.caller_must_still_hold(call)?;
            let audit = call.audit(Some(realm), "user.import", &format_args!("a batch of {}", some.len()));
            outcomes.extend(self.settle(self.store.import_users(some.to_vec(), Some(audit)).await)?);
        }
        Ok(outcomes)
    }

    /// What the store would say, without the users of this batch.
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

    /// Whoever has exactly these identifiers is the one that is meant: it was imported before.
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
            return Err(Error::malformed("password", "give password_hash, not a password"));
        }
        let password = password_hash.map(PasswordHash);
        password.as_ref().map_or(Ok(()), Passwords::must_be_usable)?;
        let blank = User { password, ..blank(call.mint.user_id(), realm, call.now) };
        change.validate()?;
        change.upon(blank, call.now)
    }
}
