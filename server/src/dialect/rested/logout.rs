//! `POST …?logout=true`: ends every session whose token is presented. The body is not read.

use http::StatusCode;
use http::header::SET_COOKIE;

use super::caller;
use super::error::Refusal;
use super::project::{Address, answered};
use crate::error::{Cause, Error, Kind};
use crate::exchange::{Answer, Exchange, Response, empty};

/// Tokens that one logout ends at most: each may be a look-up in the store. A browser holds one or two.
const TOKENS_MAX: usize = 16;

pub(super) fn logout(x: Exchange) -> Answer {
    Box::pin(answered(x, run))
}

async fn run(mut x: Exchange, address: Address) -> Result<Response, Refusal> {
    let visit = address.enter(&x)?;
    let tokens = caller::tokens(x.headers());
    if tokens.is_empty() && visit.endpoint.secure {
        return Err(Refusal::MissingToken);
    }
    if tokens.len() > TOKENS_MAX {
        let text = format!("There are more than {TOKENS_MAX} access tokens");
        return Err(Error::malformed("token", text).into());
    }
    let call = visit.call(&mut x);
    let (mut ended, mut failure) = (false, None);
    for token in &tokens {
        match x.app.authority.end(&call, &visit.presented(token)).await {
            Ok(_) => ended = true,
            // What is over already is what the caller wants (as in RFC 7009).
            Err(error) if matches!(error.kind(), Kind::Dead(_) | Kind::NotFound) => {}
            // The others are ended all the same.
            Err(error) => failure = Some(error),
        }
    }
    // The cookie stays until all is over: the browser needs it to ask again (CK-12).
    failure.map_or(Ok(()), Err)?;
    let mut response = empty(StatusCode::NO_CONTENT);
    // The answer is the same, but in the log it is no logout: anybody can ask for as many of these as they like.
    response.noted.kind = (!ended).then_some(Kind::Dead(Cause::Unknown));
    if let Some(deletion) = caller::delete_cookie(x.headers()) {
        response.headers.set(&SET_COOKIE, deletion);
    }
    Ok(response)
}
