//! Who am I: the user of a credential. Only a call that succeeds extends the session.

use std::sync::Arc;

use exeunt_core::{Moment, Why};

use crate::authority::{ActiveSession, Authority, Presented, Touch};
use crate::error::{DeadReason, Error, Kind, Result};
use crate::store::User;

/// A live session with the name of its user, as the gate reports it.
#[derive(Clone, Debug)]
pub struct Admitted {
    pub session: ActiveSession,
    /// The user's name, if the session has a user and the user has a name.
    pub username: Option<Arc<str>>,
}

impl Authority {
    /// The user of a credential.
    ///
    /// # Errors
    /// As [`Authority::check`]; `Dead(Ended(UserDeleted))` if the user is gone.
    pub async fn whoami(&self, presented: &Presented<'_>, now: Moment, touch: Touch) -> Result<User> {
        let session = self.check(presented, now, Touch::Peek)?;
        let id = session.user.ok_or_else(user_deleted)?;
        let user = self.user(presented.realm, id).await.map_err(gone)?;
        // Checked again: a session that ended meanwhile gets no data.
        self.check(presented, now, touch)?;
        Ok(user)
    }

    /// As [`Authority::whoami`], for dialects that distinguish expired, ended and unknown.
    ///
    /// # Errors
    /// `Dead` with the exact cause; `Unavailable`.
    pub async fn whoami_exact(&self, presented: &Presented<'_>, now: Moment, touch: Touch) -> Result<User> {
        let outcome = self.whoami(presented, now, touch).await;
        self.explained(presented, now, outcome).await
    }

    /// Whether a gateway may let a call with this credential through, and as whom.
    ///
    /// # Errors
    /// As [`Authority::whoami_exact`].
    pub async fn admit(&self, presented: &Presented<'_>, now: Moment, touch: Touch) -> Result<Admitted> {
        let outcome = self.admitted(presented, now, touch).await;
        self.explained(presented, now, outcome).await
    }

    async fn admitted(&self, presented: &Presented<'_>, now: Moment, touch: Touch) -> Result<Admitted> {
        let session = self.check(presented, now, Touch::Peek)?;
        let username = match session.user {
            None => None,
            Some(user) => self.username(presented.realm, user).await.map_err(gone)?,
        };
        // Checked again: a session that ended meanwhile does not pass.
        let session = self.check(presented, now, touch)?;
        Ok(Admitted { session, username })
    }
}

/// The session is alive, but its user is gone: answer as if the deletion had already ended it.
fn gone(error: Error) -> Error {
    match error.kind() {
        Kind::NotFound => user_deleted(),
        _ => error,
    }
}

fn user_deleted() -> Error {
    Error::dead(DeadReason::Ended(Why::UserDeleted))
}
