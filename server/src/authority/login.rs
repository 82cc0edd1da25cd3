//! Logging in with a password, and the race of evidence: a mark raised while a password is being checked ends the new
//! session.

use std::sync::Arc;
use std::time::Duration;

use exeunt_core::{Stamp, Token};

use crate::authority::passwords::{Held, Password};
use crate::authority::session::Issue;
use crate::authority::{Authority, Call, Mint};
use crate::error::{Error, Kind, Result};
use crate::store::rules::name;
use crate::store::{Client, Identifier, PasswordHash, User};

/// How often a login is tried if its session is dead from the start, each time with fresh evidence.
const TRIES: u32 = 2;

/// A request to log in.
pub struct Login<'a> {
    /// The client that the session is for.
    pub client: &'a Client,
    /// The identifier that was typed.
    pub identifier: Identifier,
    /// An account number that must also be the user's, if the dialect requires one.
    pub account_number: Option<&'a str>,
    /// The password.
    pub password: Password,
    /// Makes the session's credential, a new one for each try.
    pub token: fn(&Mint) -> Token,
    /// The user agent.
    pub user_agent: Option<&'a str>,
}

/// The evidence that a login is judged by.
struct Evidence {
    /// Read before all other evidence: this makes the race harmless.
    stamp: Stamp,
    /// `None`: the client was removed.
    client: Option<Arc<Client>>,
    user: Option<User>,
}

impl Authority {
    /// Logs a user in, with a new session each time. Returns the user and the session's credential.
    ///
    /// # Errors
    /// `Unauthenticated` for an unknown user, a wrong password or account number, or a disabled user: after the same
    /// time and in the same words for all. `TooMany`, `Unavailable`.
    pub async fn login(&self, call: &Call, login: &Login<'_>) -> Result<(User, Token)> {
        self.throttle.must_be_open(call.from, call.now)?;
        let evidence = self.evidence(login).await?;
        // If this is dropped early, the attempt counts as failed.
        let attempt = self.throttle.admit(&self.person(login, &evidence), call.from, call.now).await?;
        let turn = match self.passwords.turn() {
            Ok(turn) => turn,
            Err(busy) => {
                attempt.give_back();
                return Err(busy);
            }
        };
        match self.try_login(call, login, evidence).await {
            Ok(done) => {
                attempt.succeeded();
                Ok(done)
            }
            Err(error) if error.kind() == Kind::Unauthenticated => {
                // In flight until the response is due, so that waiting attempts learn nothing from its end.
                turn.refuse().await?;
                drop(attempt);
                Err(error)
            }
            Err(error) => {
                attempt.give_back();
                Err(error)
            }
        }
    }

    /// Makes every password check wait just before it returns, until the returned value is dropped.
    pub fn hold_passwords(&self) -> Held {
        self.passwords.hold()
    }

    /// Sets the cost of checking a hash of this form: for tests, whose clock does not advance during a check.
    pub fn set_password_cost(&self, hash: &PasswordHash, took: Duration) {
        self.passwords.set_cost(hash, took);
    }

    async fn evidence(&self, login: &Login<'_>) -> Result<Evidence> {
        let stamp = self.evidence_stamp();
        let client = self.client(login.client.realm, login.client.id).ok();
        let user = self.settle(self.store.user(login.client.realm, login.identifier.clone()).await)?;
        Ok(Evidence { stamp, client, user })
    }

    async fn try_login(
        &self,
        call: &Call,
        login: &Login<'_>,
        mut evidence: Evidence,
    ) -> Result<(User, Token)> {
        for _ in 1..TRIES {
            match self.judge_login(call, login, evidence).await {
                Err(error) if matches!(error.kind(), Kind::Dead(_)) => {}
                answer => return answer,
            }
            evidence = self.evidence(login).await?;
        }
        match self.judge_login(call, login, evidence).await {
            Err(error) if matches!(error.kind(), Kind::Dead(_)) => {
                Err(Error::unauthenticated().because("the session was ended while the login was in progress"))
            }
            answer => answer,
        }
    }

    async fn judge_login(&self, call: &Call, login: &Login<'_>, evidence: Evidence) -> Result<(User, Token)> {
        let Evidence { stamp, client, user } = evidence;
        let hash = user.as_ref().and_then(|user| user.password.clone());
        let verified = self.passwords.verify(hash, login.password.clone()).await?;
        // Everything else is checked only now, so that all failures cost the same.
        let client = client.ok_or_else(Error::unauthenticated)?;
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
                dialect: client.dialect,
                client: &client,
                user: Some(user.id),
                token: &token,
                stamp,
                user_agent: login.user_agent,
                idle_secs: None,
                absolute_secs: None,
                parent: None,
                audited: false,
            },
        )
        .await?;
        if verified.renewable {
            self.renew_hash(call, &user, &login.password).await;
        }
        Ok((user, token))
    }

    /// Replaces a hash of an old form. The password is the same, so no session ends; if it fails, or the user was
    /// changed meanwhile, the next login tries again.
    async fn renew_hash(&self, call: &Call, user: &User, password: &Password) {
        let Ok(hash) = self.passwords.hash(password.clone(), call.mint.salt()).await else { return };
        let renewed = User { password: Some(hash), ..user.clone() };
        if let Err(error) = self.settle(self.store.save_user(renewed, None, None).await) {
            tracing::info!(user = %user.id, %error, "a password hash could not be upgraded; the next login \
                                                     tries again");
        }
    }
}

impl Authority {
    /// The person that an attempt is counted for: the user, whichever identifier was typed; for an unknown user, the
    /// identifier in the form in which it is compared.
    fn person(&self, login: &Login<'_>, evidence: &Evidence) -> String {
        let realm = login.client.realm;
        if let Some(user) = &evidence.user {
            return format!("{realm}/user/{}", user.id);
        }
        let (field, key) = login.identifier.unique_key(self.usernames(realm)).unwrap_or_default();
        format!("{realm}/{field}/{key}")
    }
}
