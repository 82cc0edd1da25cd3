//! `GET …`: shows the user of the token.

use super::error::Refusal;
use super::project::Address;
use super::{caller, wire};
use crate::authority::Touch;
use crate::http::{Request, Response};

pub(super) async fn run(request: Request, address: Address) -> Result<Response, Refusal> {
    let visit = address.enter(&request)?;
    let tokens = caller::tokens(request.headers());
    let presented = visit.presented(tokens.first().ok_or(Refusal::MissingToken)?);
    let user = request.app.authority.whoami_exact(&presented, request.now, Touch::Extend).await?;
    Ok(wire::shown(&user, &visit.query))
}
