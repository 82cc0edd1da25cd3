//! `POST /session/logout`: ends the session of the key.

use exeunt_core::By;

use super::DOOR;
use super::caller::Caller;
use super::reply::Reply;
use super::wire::ApiMethod;
use crate::dialect::form::Fields;
use crate::error::Result;
use crate::exchange::{Answer, Exchange, Response};

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
    let call = x.call(DOOR, By::System);
    x.app.authority.end(&call, &caller.presented()).await?;
    Ok(caller.echo())
}
