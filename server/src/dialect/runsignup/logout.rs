//! `POST logout`: ends the session of a temporary pair.

use exeunt_core::By;

use super::caller::{Caller, pairs_of, presented};
use super::error::{Code, Fault};
use super::parsed_call::ParsedCall;
use super::wire::Outcome;
use crate::authority::Presented;
use crate::error::{Error, Kind, Unavailability};
use crate::http::{Request, Response};

/// Answers once the end of the session is durable. Of concurrent calls with one pair, exactly one succeeds.
pub(super) async fn run(mut request: Request) -> Result<Response, Response> {
    let parsed = ParsedCall::read(&mut request).await?;
    Ok(parsed.reply.say(end(&mut request, &parsed).await))
}

async fn end(request: &mut Request, parsed: &ParsedCall) -> Result<Outcome, Fault> {
    let pair = match Caller::read(request, parsed)? {
        Caller::Nobody => return Err(Code::PermissionDenied.into()),
        Caller::Temporary(pair) => pair.ok_or(Code::KeyAuthenticationFailed)?,
        // These have no session to end, or it is unclear which one is meant.
        Caller::Permanent(_) | Caller::Bearer | Caller::Several => return Err(Code::InvalidParameters.into()),
    };
    let realm = request.dialect.realm;
    must_be_alone(request, parsed, &presented(realm, &pair))?;
    let call = request.call(By::System);
    request.app.authority.end(&call, &presented(realm, &pair)).await.map_err(never_throttled)?;
    Ok(Outcome::LoggedOut)
}

/// With a pair in the query, the body does not count. But the body may hold another pair, whose session would stay
/// alive, or may be unreadable. Then the client could take a success for the logout of that session, so the call is
/// refused as one with combined credentials.
fn must_be_alone(request: &Request, parsed: &ParsedCall, pair: &Presented<'_>) -> Result<(), Fault> {
    let beside = pairs_of(&parsed.body);
    if parsed.body.may_hide_fields() || request.app.authority.leaves_another(pair, &beside, request.now)? {
        return Err(Code::InvalidParameters.into());
    }
    Ok(())
}

/// Logout is never throttled: if the server is too busy for it, that is a server error.
fn never_throttled(error: Error) -> Error {
    match error.kind() {
        Kind::Unavailable(Unavailability::Busy) => {
            Error::unavailable(Unavailability::Refused).because("busy")
        }
        _ => error,
    }
}
