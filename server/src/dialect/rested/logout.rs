//! `POST …?logout=true`: ends every session whose token is presented, in any project. The body is not read.

use http::StatusCode;
use http::header::SET_COOKIE;

use super::caller::{self, Carried};
use super::error::Refusal;
use super::project::{Address, Visit};
use crate::authority::{Call, Client};
use crate::error::{DeadReason, Error, Kind, Result};
use crate::http::{Request, Response, empty};

pub(super) async fn run(mut request: Request, address: Address) -> Result<Response, Refusal> {
    let visit = address.enter(&request)?;
    let all = caller::carried(request.headers());
    if all.is_empty() && visit.endpoint.secure {
        return Err(Refusal::MissingToken);
    }
    let call = visit.call(&mut request);
    let (mut ended, mut failure) = (false, None);
    for carried in &all {
        match end(&request, &visit, &call, carried).await {
            Ok(found_alive) => ended |= found_alive,
            // Go on: the other sessions must still end.
            Err(error) => failure = Some(graver(failure, error)),
        }
    }
    // Keep the cookie until all sessions have ended: the browser needs it for a retry (CK-12).
    failure.map_or(Ok(()), Err)?;
    let mut response = empty(StatusCode::NO_CONTENT);
    // If no session ended, the response is the same, but the log has no logout: anyone can send any number of these.
    response.log_fields.kind = (!ended).then_some(Kind::Dead(DeadReason::Unknown));
    if let Some(deletion) = caller::delete_cookie(request.headers()) {
        response.headers.set(&SET_COOKIE, deletion);
    }
    Ok(response)
}

/// Ends the session of one token, and returns whether it was alive. An ended or unknown session is a success, too (as
/// in RFC 7009).
///
/// All projects of a host share the cookie, and a browser adds it to the requests of any page. So a cookie ends only
/// sessions of projects that allow the page. A caller that writes a token into a header holds it, so it may end its
/// session.
async fn end(request: &Request, visit: &Visit, call: &Call, carried: &Carried) -> Result<bool> {
    let may = |owner: &Client| !carried.by_cookie || visit.may_be_ended_from_here(request, owner);
    let presented = visit.presented_anywhere(&carried.token);
    request.app.authority.end_if_alive(call, &presented, may).await.map_err(|error| match error.kind() {
        Kind::Forbidden => Error::new(
            Kind::Forbidden,
            "The session of the cookie belongs to a project that does not allow this origin",
        ),
        _ => error,
    })
}

/// Chooses which of two failures to answer. One that a retry may resolve comes first; the retry then reports the other.
fn graver(before: Option<Error>, error: Error) -> Error {
    match before {
        Some(before) if before.kind() != Kind::Forbidden => before,
        _ => error,
    }
}
