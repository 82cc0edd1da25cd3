//! `POST /session/ping`: keeps a session alive.

use super::caller::Caller;
use super::reply::Reply;
use super::wire::ApiMethod;
use crate::authority::Slide;
use crate::error::Result;
use crate::http::form::Fields;
use crate::http::{Answer, Exchange, Response};

/// Answers the call: from memory if the session is alive. Only a dead key makes the store say why.
pub(super) fn ping(x: Exchange) -> Answer {
    Box::pin(async move { run(x).await.unwrap_or_else(|refused| refused) })
}

async fn run(mut x: Exchange) -> Result<Response, Response> {
    let fields = Fields::posted(&mut x).await?;
    let reply = Reply::open(&x, ApiMethod::Ping)?;
    Ok(reply.say(touch(&x, &fields).await))
}

async fn touch(x: &Exchange, fields: &Fields) -> Result<String> {
    let caller = Caller::read(x, fields)?;
    x.app.authority.check_exact(&caller.presented(), x.now, Slide::Yes).await?;
    Ok(caller.echo())
}
