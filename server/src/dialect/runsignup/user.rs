//! `GET user`, and `POST user`: whose session it is. Clients call it to see whether a pair is still good.

use super::asked::Asked;
use super::caller::{Caller, presented, realm};
use super::error::{Code, Fault};
use super::wire::Outcome;
use crate::authority::Slide;
use crate::error::{Cause, Error};
use crate::exchange::{Answer, Exchange, Response};

/// Answers the call.
pub(super) fn user(x: Exchange) -> Answer {
    Box::pin(async move { run(x).await.unwrap_or_else(|refused| refused) })
}

async fn run(mut x: Exchange) -> Result<Response, Response> {
    let asked = Asked::read(&mut x).await?;
    Ok(asked.reply.say(find(&x, &asked).await))
}

async fn find(x: &Exchange, asked: &Asked) -> Result<Outcome, Fault> {
    let (authority, realm) = (&x.app.authority, realm(x)?);
    let pair = match Caller::read(x, asked)? {
        Caller::Nobody => return Err(Code::PermissionDenied.into()),
        Caller::Temporary(Some(pair)) => pair,
        Caller::Permanent(Some(pair)) if authority.partner(realm, pair.fingerprint()).is_some() => {
            return Err(Code::NotAUser.into());
        }
        Caller::Temporary(None) | Caller::Permanent(_) | Caller::Bearer => {
            return Err(Code::KeyAuthenticationFailed.into());
        }
        Caller::Several => return Err(Code::InvalidParameters.into()),
    };
    let presented = presented(realm, &pair);
    let standing = authority.check(&presented, x.now, Slide::No)?;
    let user = authority.user(realm, standing.user.ok_or_else(|| Error::dead(Cause::Unknown))?).await?;
    // Only a call that succeeds counts as a use; and what was ended meanwhile is told nothing.
    authority.check(&presented, x.now, Slide::Yes)?;
    Ok(Outcome::User(user.into()))
}
