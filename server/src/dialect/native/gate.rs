//! `/v1/gate`: the native token of an application's call, in `Authorization: Bearer`.

use exeunt_core::Token;
use http::header::AUTHORIZATION;

use super::{NAME, caller, error};
use crate::authority::Presented;
use crate::dialect::passed::{Passed, Terms};
use crate::error::{DeadReason, Error, Kind, Result};
use crate::http::{Request, Response};

pub(super) async fn run(request: Request, terms: Terms) -> Result<Passed, Response> {
    judge(&request, &terms).await.map_err(|error| error::render(&error))
}

async fn judge(request: &Request, terms: &Terms) -> Result<Passed> {
    let text = caller::presented(request).ok_or_else(|| missing(request))?;
    let token = Token::presented(text).ok_or_else(|| Error::dead(DeadReason::Unknown))?;
    let presented = Presented { dialect: NAME, realm: terms.realm, client: terms.client, token: &token };
    Ok(request.app.authority.admit(&presented, request.now, terms.touch).await?.into())
}

fn missing(request: &Request) -> Error {
    let private = match request.headers().all(&AUTHORIZATION).count() {
        0 => "no Authorization header: the client sent none, or the gateway does not forward it",
        1 => "Authorization has another scheme than Bearer",
        _ => "Authorization is repeated",
    };
    Error::new(Kind::Unauthenticated, "expected one token: Authorization: Bearer …").because(private)
}
