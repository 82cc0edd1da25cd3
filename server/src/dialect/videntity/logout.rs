//! `POST /session/logout`: ends the session of the key.

use exeunt_core::{By, Token};

use super::caller::Caller;
use super::reply::Reply;
use super::wire::ApiMethod;
use crate::error::{Error, Result};
use crate::http::form::{Fields, TooManyFields};
use crate::http::{Request, Response};

/// Answers once the end of the session is durable. Of concurrent calls with one key, exactly one succeeds.
pub(super) async fn run(mut request: Request) -> Result<Response, Response> {
    let fields = Fields::posted(&mut request).await?;
    let reply = Reply::open(&request, ApiMethod::Logout)?;
    Ok(reply.say(end(&mut request, &fields).await))
}

async fn end(request: &mut Request, fields: &Fields) -> Result<String> {
    let caller = Caller::read(request, fields)?;
    must_be_alone(request, &caller)?;
    let call = request.call(By::System);
    request.app.authority.end(&call, &caller.presented()).await?;
    Ok(caller.echo())
}

/// A key in the query does not count. But if it opens another session, that one would stay alive, and the client could
/// take a success for its logout. Such a call is refused as one with a repeated field.
fn must_be_alone(request: &Request, caller: &Caller) -> Result<()> {
    const FIELD: &str = "session_key";
    let twice = || Error::malformed(FIELD, "the query has another session_key");
    let query = Fields::query(request.query()).map_err(|TooManyFields| twice())?;
    let beside: Vec<_> = query
        .pairs()
        .filter(|(name, _)| *name == FIELD)
        .filter_map(|(_, text)| Token::presented(text))
        .collect();
    match request.app.authority.leaves_another(&caller.presented(), &beside, request.now)? {
        true => Err(twice()),
        false => Ok(()),
    }
}
