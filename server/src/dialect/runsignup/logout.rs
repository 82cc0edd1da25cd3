//! `POST logout`: ends the session of a temporary pair.

use exeunt_core::By;

use super::NAME;
use super::asked::Asked;
use super::caller::{Caller, pairs_of, presented, realm};
use super::error::{Code, Fault};
use super::wire::Outcome;
use crate::authority::Presented;
use crate::error::{Error, Kind, Unavailability};
use crate::http::{Request, Response, ResponseFuture};

/// Answers the call, once the end of the session is durable. Of many calls at once with one pair, one succeeds.
pub(super) fn logout(request: Request) -> ResponseFuture {
    Box::pin(async move { run(request).await.unwrap_or_else(|refused| refused) })
}

async fn run(mut request: Request) -> Result<Response, Response> {
    let asked = Asked::read(&mut request).await?;
    Ok(asked.reply.say(end(&mut request, &asked).await))
}

async fn end(request: &mut Request, asked: &Asked) -> Result<Outcome, Fault> {
    let pair = match Caller::read(request, asked)? {
        Caller::Nobody => return Err(Code::PermissionDenied.into()),
        Caller::Temporary(pair) => pair.ok_or(Code::KeyAuthenticationFailed)?,
        // There is no session behind these to be ended, or no telling which one is meant.
        Caller::Permanent(_) | Caller::Bearer | Caller::Several => return Err(Code::InvalidParameters.into()),
    };
    let realm = realm(request)?;
    must_be_alone(request, asked, &presented(realm, &pair))?;
    let call = request.call(NAME, By::System);
    request.app.authority.end(&call, &presented(realm, &pair)).await.map_err(never_throttled)?;
    Ok(Outcome::LoggedOut)
}

/// A pair in the query leaves the body unread. But if another pair there opens a session that would live on, or if that
/// cannot be told, an acknowledgement could be taken for its logout: then parameters were combined that must not be.
fn must_be_alone(request: &Request, asked: &Asked, pair: &Presented<'_>) -> Result<(), Fault> {
    let beside = pairs_of(&asked.body);
    if asked.body.may_hide_fields() || request.app.authority.leaves_another(pair, &beside, request.now)? {
        return Err(Code::InvalidParameters.into());
    }
    Ok(())
}

/// Logout is never throttled: when there was no hand free for it, that is an error of ours.
fn never_throttled(error: Error) -> Error {
    match error.kind() {
        Kind::Unavailable(Unavailability::Busy) => {
            Error::unavailable(Unavailability::Refused).because("busy")
        }
        _ => error,
    }
}
