//! `POST logout`: ends the session of a temporary pair.

use exeunt_core::By;

use super::DOOR;
use super::asked::Asked;
use super::caller::{Caller, pairs_of, presented, realm};
use super::error::{Code, Fault};
use super::wire::Outcome;
use crate::authority::Presented;
use crate::error::{Error, Kind, Outage};
use crate::http::{Answer, Exchange, Response};

/// Answers the call, once the end of the session is durable. Of many calls at once with one pair, one succeeds.
pub(super) fn logout(x: Exchange) -> Answer {
    Box::pin(async move { run(x).await.unwrap_or_else(|refused| refused) })
}

async fn run(mut x: Exchange) -> Result<Response, Response> {
    let asked = Asked::read(&mut x).await?;
    Ok(asked.reply.say(end(&mut x, &asked).await))
}

async fn end(x: &mut Exchange, asked: &Asked) -> Result<Outcome, Fault> {
    let pair = match Caller::read(x, asked)? {
        Caller::Nobody => return Err(Code::PermissionDenied.into()),
        Caller::Temporary(pair) => pair.ok_or(Code::KeyAuthenticationFailed)?,
        // There is no session behind these to be ended, or no telling which one is meant.
        Caller::Permanent(_) | Caller::Bearer | Caller::Several => return Err(Code::InvalidParameters.into()),
    };
    let realm = realm(x)?;
    must_be_alone(x, asked, &presented(realm, &pair))?;
    let call = x.call(DOOR, By::System);
    x.app.authority.end(&call, &presented(realm, &pair)).await.map_err(never_throttled)?;
    Ok(Outcome::LoggedOut)
}

/// A pair in the query leaves the body unread. But if another pair there opens a session that would live on, or if that
/// cannot be told, an acknowledgement could be taken for its logout: then parameters were combined that must not be.
fn must_be_alone(x: &Exchange, asked: &Asked, pair: &Presented<'_>) -> Result<(), Fault> {
    let beside = pairs_of(&asked.body);
    if asked.body.may_hide_fields() || x.app.authority.leaves_another(pair, &beside, x.now)? {
        return Err(Code::InvalidParameters.into());
    }
    Ok(())
}

/// Logout is never throttled: when there was no hand free for it, that is an error of ours.
fn never_throttled(error: Error) -> Error {
    match error.kind() {
        Kind::Unavailable(Outage::Busy) => Error::unavailable(Outage::Refused).because("busy"),
        _ => error,
    }
}
