//! `POST /session/ping`: keeps a session alive.

use super::caller::Caller;
use super::reply::Reply;
use super::wire::ApiMethod;
use crate::authority::Touch;
use crate::error::Result;
use crate::http::form::Fields;
use crate::http::{Request, Response};

/// Answers from memory if the session is alive. It asks the store for the cause only if the key is dead.
pub(super) async fn run(mut request: Request) -> Result<Response, Response> {
    let fields = Fields::posted(&mut request).await?;
    let reply = Reply::open(&request, ApiMethod::Ping)?;
    Ok(reply.say(touch(&request, &fields).await))
}

async fn touch(request: &Request, fields: &Fields) -> Result<String> {
    let caller = Caller::read(request, fields)?;
    request.app.authority.check_exact(&caller.presented(), request.now, Touch::Extend).await?;
    Ok(caller.echo())
}
