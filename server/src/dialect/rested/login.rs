//! `POST …?login=true`: opens a session.

use http::header::{AUTHORIZATION, CONTENT_TYPE, SET_COOKIE};

use super::error::Refusal;
use super::project::Address;
use super::{caller, wire};
use crate::authority::Login;
use crate::http::{Request, Response};

/// Letters and digits in a token: 238 bits.
const TOKEN_LETTERS: usize = 40;

pub(super) async fn run(mut request: Request, address: Address) -> Result<Response, Refusal> {
    let visit = address.enter(&request)?;
    let body = request.body().await?;
    let credentials = wire::Credentials::read(request.header(&CONTENT_TYPE), &body)?;
    let call = visit.call(&mut request);
    let login = Login {
        client: &visit.project,
        identifier: credentials.identifier,
        account_number: None,
        password: credentials.password,
        token: |mint| mint.plain_token(TOKEN_LETTERS),
        user_agent: request.user_agent(),
    };
    let (user, token) = request.app.authority.login(&call, &login).await?;
    let mut response = wire::shown(&user, &visit.query);
    match visit.query.no_cookie {
        // Without a scheme, for clients that copy it into the next requests.
        true => response.headers.set(&AUTHORIZATION, token.expose()),
        false => response.headers.set(&SET_COOKIE, caller::set_cookie(&token, visit.project.absolute_secs)),
    }
    Ok(response)
}
