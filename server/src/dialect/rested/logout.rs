//! `POST …?logout=true`: ends every session whose token is presented, in any project. The body is not read.

use http::StatusCode;
use http::header::SET_COOKIE;

use super::caller::{self, Carried};
use super::error::Refusal;
use super::project::{Address, ProjectCall};
use crate::authority::{Client, Presented};
use crate::error::{DeadReason, Error, Kind};
use crate::http::{Request, Response, empty};

pub(super) async fn run(mut request: Request, address: Address) -> Result<Response, Refusal> {
    let visit = address.enter(&request)?;
    let all = caller::carried(request.headers());
    if all.is_empty() && visit.endpoint.secure {
        return Err(Refusal::missing_token());
    }
    let call = visit.call(&mut request);
    let presented = all.iter().map(|carried| presented(&request, &visit, carried)).collect();
    // On an error the cookie stays: the browser needs it for a retry (CK-12).
    let ended = request.app.authority.end_each(&call, presented).await.map_err(in_own_words)?;
    let mut response = empty(StatusCode::NO_CONTENT);
    // If no session ended, the response is the same, but the log has no logout: anyone can send any number of these.
    response.log_fields.kind = (!ended).then_some(Kind::Dead(DeadReason::Unknown));
    if let Some(deletion) = caller::delete_cookie(request.headers()) {
        response.headers.set(&SET_COOKIE, deletion);
    }
    Ok(response)
}

/// A token, and whether this call may end a session of the given project with it. An ended or unknown session is a
/// success, too (as in RFC 7009).
///
/// All projects of a host share the cookie, and a browser adds it to the requests of any page. So a cookie ends only
/// sessions of projects that allow the page. A caller that writes a token into a header holds it, so it may end its
/// session.
fn presented<'a>(
    request: &'a Request,
    visit: &'a ProjectCall,
    carried: &'a Carried,
) -> (Presented<'a>, impl Fn(&Client) -> bool) {
    let may = move |owner: &Client| !carried.by_cookie || visit.may_be_ended_from_here(request, owner);
    (visit.presented_anywhere(&carried.token), may)
}

fn in_own_words(error: Error) -> Error {
    match error.kind() {
        Kind::Forbidden => Error::new(
            Kind::Forbidden,
            "The session of the cookie belongs to a project that does not allow this origin",
        ),
        _ => error,
    }
}
