//! `POST login`: exchanges e-mail and password for a temporary pair.

use exeunt_core::By;

use super::error::Fault;
use super::parsed_call::ParsedCall;
use super::wire::{LoggedIn, Nested, Outcome};
use super::{NAME, pair};
use crate::authority::{Identifier, Login, Password};
use crate::http::{Request, Response};

pub(super) async fn run(mut request: Request) -> Result<Response, Response> {
    let parsed = ParsedCall::read(&mut request).await?;
    Ok(parsed.reply.say(issue(&mut request, &parsed).await))
}

/// Reads the credentials from the body only: too many places log a query.
async fn issue(request: &mut Request, parsed: &ParsedCall) -> Result<Outcome, Fault> {
    let (email, password) = (parsed.posted("email")?, parsed.posted("password")?);
    let client = request.app.authority.builtin_client(request.dialect.realm, NAME)?;
    let call = request.call(By::System);
    let login = Login {
        client: &client,
        identifier: Identifier::Email(email.to_owned()),
        account_number: None,
        password: Password::new(password),
        token: pair::fresh,
        user_agent: request.user_agent(),
    };
    let (user, pair) = request.app.authority.login(&call, &login).await?;
    let (tmp_key, tmp_secret) = pair::halves(&pair);
    let (tmp_key, tmp_secret) = (tmp_key.to_owned(), tmp_secret.to_owned());
    Ok(Outcome::LoggedIn(LoggedIn { tmp_key, tmp_secret, user: Nested { user: user.into() } }))
}
