//! The token of an application's call. The query has the project's key, and the project must allow the call's origin. A
//! preflight does not pass, since it has no token: its refusal is the response to a preflight.
//!
//! A session has one token. So a call that presents two different ones, in any headers, does not pass: the application
//! may read either.

use http::Method;

use super::error::Refusal;
use super::project::{Address, answered, or_refused, unknown_key};
use super::{caller, preflight};
use crate::authority::Touch;
use crate::dialect::passed::{Passed, Terms};
use crate::error::{DeadReason, Error};
use crate::http::{Request, Response};

pub(super) async fn run(request: Request, terms: Terms) -> Result<Passed, Response> {
    if request.method() == Method::OPTIONS {
        return Err(answered(request, preflight::run).await);
    }
    or_refused(request, |request, address| judge(request, address, terms)).await
}

async fn judge(request: Request, address: Address, terms: Terms) -> Result<Passed, Refusal> {
    let (project, origin) = address.pass()?;
    if terms.client.is_some_and(|client| client != project.id) {
        return Err(unknown_key().into());
    }
    let tokens = caller::tokens_for_any_reader(request.headers());
    let presented = address.presented(&project, tokens.first().ok_or_else(Refusal::missing_token)?);
    if tokens.len() > 1 {
        // If the first token is refused anyway, that reason says more.
        request.app.authority.admit(&presented, request.now, Touch::Peek).await?;
        return Err(Error::dead(DeadReason::Unknown).because("the call has several different tokens").into());
    }
    let admitted = request.app.authority.admit(&presented, request.now, terms.touch).await?;
    let mut passed = Passed::from(admitted);
    // For gateways that set the CORS headers in place of the application.
    origin.mark(&mut passed.headers);
    Ok(passed)
}
