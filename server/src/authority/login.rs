//! Logging in with a password, and the race of evidence: whatever is raised while a password is being checked ends
//! the session that comes of it.

use exeunt_core::Token;

use crate::authority::passwords::{Held, Password};
use crate::authority::session::Issue;
use crate::authority::{Authority, Call, Mint};
use crate::error::{Error, Kind, Result};
use crate::store::{Client, Identifier, User, name};

/// How often a login whose session was dead at birth is tried with fresh evidence.
const TRIES: u32 = 2;

/// Somebody who wants to log in.
pub struct Login<'a> {
    /// The client that the session is for.
    pub client: &'a Client,
    /// How the user is named.
    pub identifier: Identifier,
    /// An account number that must be the user's too, where the dialect asks for one.
    pub account_number: Option<&'a str>,
    /// The password.
    pub password: Password,
    /// Makes the credential that will open the session: a second one for a second try, since the first has then been
    /// recorded with a session that is dead.
    pub token: fn(&Mint) -> Token,
    /// The program, as it names itself.
    pub user_agent: Option<&'a str>,
}

impl Authority {
    /// Logs a user in: a new session each time. Returns who it is, and what opens the session.
    ///
    /// # Errors
    /// `Unauthenticated` for an unknown user, a wrong password or account number, a disabled user: the same cost
    /// and the same words for all. `TooMany`, `Unavailable`.
    pub async fn login(&self, call: &Call, login: &Login<'_>) -> Result<(User, Token)> {
        let account = self.account(login);
        self.throttle.admit(&account, call.from, call.now)?;
        for _ in 0..TRIES {
            match self.try_login(call, login).await {
                Err(error) if matches!(error.kind(), Kind::Dead(_)) => {}
                Err(error) if error.kind() == Kind::Unauthenticated => {
                    self.throttle.failed(&account, call.from, call.now);
                    return Err(error);
                }
                Ok(done) => {
                    self.throttle.succeeded(&account, call.from);
                    return Ok(done);
                }
                Err(error) => return Err(error),
            }
        }
        Err(Error::unauthenticated().because("ended while logging in"))
    }

    /// Makes every password check wait just before it answers, until the returned value is dropped.
    pub fn hold_passwords(&self) -> Held {
        self.passwords.hold()
    }

    async fn try_login(&self, call: &Call, login: &Login<'_>) -> Result<(User, Token)> {
        // Read before any evidence: this is what makes the race harmless.
        let stamp = self.evidence_stamp();
        let client =
            self.client(login.client.realm, login.client.id).map_err(|_| Error::unauthenticated())?;
        let user = self.settle(self.store.user(login.client.realm, login.identifier.clone()).await)?;
        let hash = user.as_ref().and_then(|user| user.password.clone());
        let verified = self.passwords.verify(hash, login.password.clone()).await?;
        // Whatever else is wrong is looked at only now, so that it costs the same.
        let same = |own: &str, typed: &str| name::composed(own) == name::composed(typed);
        let is_theirs = |user: &User| {
            login
                .account_number
                .is_none_or(|it| user.account_number.as_deref().is_some_and(|own| same(own, it)))
        };
        let user = user.filter(|user| verified.right && !user.disabled && !user.deleted && is_theirs(user));
        let user = user.ok_or_else(Error::unauthenticated)?;
        let token = (login.token)(&call.mint);
        self.issue(
            call,
            &Issue {
                door: client.door,
                client: &client,
                user: Some(user.id),
                token: &token,
                stamp,
                user_agent: login.user_agent,
                idle_secs: None,
                absolute_secs: None,
                audited: false,
            },
        )
        .await?;
        if verified.outdated {
            self.renew_hash(call, &user, &login.password).await;
        }
        Ok((user, token))
    }

    /// Replaces an old form of hash. The password is the same, so no session ends; if anything goes wrong, or the
    /// user was changed meanwhile, the next login tries again.
    async fn renew_hash(&self, call: &Call, user: &User, password: &Password) {
        let Ok(hash) = self.passwords.hash(password.clone(), call.mint.salt()).await else { return };
        let renewed = User { password: Some(hash), ..user.clone() };
        if let Err(error) = self.settle(self.store.save_user(renewed, None, None).await) {
            tracing::info!(user = %user.id, %error, "an old password hash was not renewed");
        }
    }
}

impl Authority {
    /// What failures are counted under, whether it exists or not: the identifier in the form in which it is compared.
    fn account(&self, login: &Login<'_>) -> String {
        let realm = login.client.realm;
        let (field, key) = login.identifier.unique_key(self.usernames(realm)).unwrap_or_default();
        format!("{realm}/{field}/{key}")
    }
}
