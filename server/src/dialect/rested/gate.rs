//! The token of an application's call, to the project whose key is in the query, from an origin that it allows. A
//! preflight does not pass, since it brings no token: its refusal is the answer that a preflight gets.
//!
//! A session has one token, so a call that presents two different ones, in whichever headers, does not pass: its
//! application may take either.

use http::Method;

use super::error::Refusal;
use super::project::{Address, or_refused, unknown_key};
use super::{caller, preflight};
use crate::authority::Slide;
use crate::dialect::passed::{Judged, Passed, Terms, admit};
use crate::error::{Cause, Error};
use crate::http::Exchange;

pub(super) fn gate(x: Exchange, terms: Terms) -> Judged {
    Box::pin(async move {
        if x.method() == Method::OPTIONS {
            return Err(preflight::preflight(x).await);
        }
        or_refused(x, |x, address| judge(x, address, terms)).await
    })
}

async fn judge(x: Exchange, address: Address, terms: Terms) -> Result<Passed, Refusal> {
    let (project, origin) = address.pass()?;
    if terms.client.is_some_and(|client| client != project.id) {
        return Err(unknown_key().into());
    }
    let tokens = caller::tokens_for_any_reader(x.headers());
    let presented = address.presented(&project, tokens.first().ok_or(Refusal::MissingToken)?);
    if tokens.len() > 1 {
        // Why the first one is refused, if it is, says more.
        admit(&x, &presented, Slide::No).await?;
        return Err(Error::dead(Cause::Unknown)
            .because("the call presents several tokens, which differ")
            .into());
    }
    let mut passed = admit(&x, &presented, terms.slide).await?;
    // For gateways that answer for an application which knows nothing of origins.
    origin.mark(&mut passed.headers);
    Ok(passed)
}
