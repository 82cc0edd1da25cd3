//! `POST /session/logout`: ends the session of the key.

use exeunt_core::{By, Token};

use super::DOOR;
use super::caller::Caller;
use super::reply::Reply;
use super::wire::ApiMethod;
use crate::error::{Error, Result};
use crate::http::form::{Fields, TooManyFields};
use crate::http::{Answer, Exchange, Response};

/// Answers the call, once the end of the session is durable. Of many calls at once with one key, one succeeds.
pub(super) fn logout(x: Exchange) -> Answer {
    Box::pin(async move { run(x).await.unwrap_or_else(|refused| refused) })
}

async fn run(mut x: Exchange) -> Result<Response, Response> {
    let fields = Fields::posted(&mut x).await?;
    let reply = Reply::open(&x, ApiMethod::Logout)?;
    Ok(reply.say(end(&mut x, &fields).await))
}

async fn end(x: &mut Exchange, fields: &Fields) -> Result<String> {
    let caller = Caller::read(x, fields)?;
    must_be_alone(x, &caller)?;
    let call = x.call(DOOR, By::System);
    x.app.authority.end(&call, &caller.presented()).await?;
    Ok(caller.echo())
}

/// A key in the query does not count. But if it opens a session that would live on, an acknowledgement could be taken for
/// its logout: then the field was given twice.
fn must_be_alone(x: &Exchange, caller: &Caller) -> Result<()> {
    const FIELD: &str = "session_key";
    let twice = || Error::malformed(FIELD, "another one is in the query");
    let query = Fields::query(x.query()).map_err(|TooManyFields| twice())?;
    let beside: Vec<_> = query
        .pairs()
        .filter(|(name, _)| *name == FIELD)
        .filter_map(|(_, text)| Token::presented(text))
        .collect();
    match x.app.authority.leaves_another(&caller.presented(), &beside, x.now)? {
        true => Err(twice()),
        false => Ok(()),
    }
}
