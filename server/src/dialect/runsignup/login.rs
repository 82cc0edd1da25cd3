//! `POST login`: e-mail and password for a temporary pair.

use exeunt_core::By;

use super::DOOR;
use super::asked::Asked;
use super::caller::realm;
use super::error::Fault;
use super::wire::{LoggedIn, Nested, Outcome};
use crate::authority::{Identifier, Login, Password};
use crate::http::{Answer, Exchange, Response};

/// Letters and digits in each half of a pair: 190 bits.
const HALF_CHARS: usize = 32;

/// Answers the call.
pub(super) fn login(x: Exchange) -> Answer {
    Box::pin(async move { run(x).await.unwrap_or_else(|refused| refused) })
}

async fn run(mut x: Exchange) -> Result<Response, Response> {
    let asked = Asked::read(&mut x).await?;
    Ok(asked.reply.say(issue(&mut x, &asked).await))
}

/// The credentials come from the body alone: a query is written down in too many places.
async fn issue(x: &mut Exchange, asked: &Asked) -> Result<Outcome, Fault> {
    let (email, password) = (asked.posted("email")?, asked.posted("password")?);
    let client = x.app.authority.builtin_client(realm(x)?, DOOR)?;
    let call = x.call(DOOR, By::System);
    let login = Login {
        client: &client,
        identifier: Identifier::Email(email.to_owned()),
        account_number: None,
        password: Password::new(password),
        token: |mint| mint.token_pair(HALF_CHARS),
        user_agent: x.user_agent(),
    };
    let (user, pair) = x.app.authority.login(&call, &login).await?;
    let (tmp_key, tmp_secret) = pair.halves();
    let (tmp_key, tmp_secret) = (tmp_key.to_owned(), tmp_secret.to_owned());
    Ok(Outcome::LoggedIn(LoggedIn { tmp_key, tmp_secret, user: Nested { user: user.into() } }))
}
