//! `POST /session/login`: username, password and account number for a session key.

use exeunt_core::By;

use super::DOOR;
use super::caller::{filled, realm};
use super::reply::Reply;
use super::wire::ApiMethod;
use crate::authority::{Identifier, Login, Password};
use crate::error::Result;
use crate::http::form::Fields;
use crate::http::{Answer, Exchange, Response};

/// Letters and digits in a session key: 131 bits. The documents show 15, which is too few to be guessed at for ever.
const KEY_CHARS: usize = 22;

/// Answers the call.
pub(super) fn login(x: Exchange) -> Answer {
    Box::pin(async move { run(x).await.unwrap_or_else(|refused| refused) })
}

async fn run(mut x: Exchange) -> Result<Response, Response> {
    let fields = Fields::posted(&mut x).await?;
    let reply = Reply::open(&x, ApiMethod::Login)?;
    Ok(reply.say(issue(&mut x, &fields).await))
}

async fn issue(x: &mut Exchange, fields: &Fields) -> Result<String> {
    let [username, password, account_number] = filled(fields, ["username", "password", "account_number"])?;
    let client = x.app.authority.builtin_client(realm(x)?, DOOR)?;
    let call = x.call(DOOR, By::System);
    let login = Login {
        client: &client,
        identifier: Identifier::Username(username.to_owned()),
        account_number: Some(account_number),
        password: Password::new(password),
        token: |mint| mint.plain_token(KEY_CHARS),
        user_agent: x.user_agent(),
    };
    let (_, key) = x.app.authority.login(&call, &login).await?;
    Ok(key.expose().to_owned())
}
