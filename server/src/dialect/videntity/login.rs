//! `POST /session/login`: exchanges username, password and account number for a session key.

use exeunt_core::By;

use super::NAME;
use super::caller::filled;
use super::reply::Reply;
use super::wire::ApiMethod;
use crate::authority::{Identifier, Login, Password};
use crate::error::Result;
use crate::http::form::Fields;
use crate::http::{Request, Response};

/// Letters and digits in a session key: 131 bits. The documents show 15, too few against unlimited guessing.
const KEY_CHARS: usize = 22;

pub(super) async fn run(mut request: Request) -> Result<Response, Response> {
    let fields = Fields::posted(&mut request).await?;
    let reply = Reply::open(&request, ApiMethod::Login)?;
    Ok(reply.say(issue(&mut request, &fields).await))
}

async fn issue(request: &mut Request, fields: &Fields) -> Result<String> {
    let [username, password, account_number] = filled(fields, ["username", "password", "account_number"])?;
    let client = request.app.authority.builtin_client(request.dialect.realm, NAME)?;
    let call = request.call(By::System);
    let login = Login {
        client: &client,
        identifier: Identifier::Username(username.to_owned()),
        account_number: Some(account_number),
        password: Password::new(password),
        token: |mint| mint.plain_token(KEY_CHARS),
        user_agent: request.user_agent(),
    };
    let (_, key) = request.app.authority.login(&call, &login).await?;
    Ok(key.expose().to_owned())
}
