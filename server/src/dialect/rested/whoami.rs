//! `GET …`: shows the user of the token.

use exeunt_core::Why;

use super::error::Refusal;
use super::project::Address;
use super::{caller, wire};
use crate::authority::Touch;
use crate::error::{DeadReason, Error, Kind};
use crate::http::{Request, Response};

pub(super) async fn run(request: Request, address: Address) -> Result<Response, Refusal> {
    let visit = address.enter(&request)?;
    let tokens = caller::tokens(request.headers());
    let presented = visit.presented(tokens.first().ok_or(Refusal::MissingToken)?);
    let authority = &request.app.authority;
    let standing = authority.check_exact(&presented, request.now, Touch::Peek).await?;
    let user = standing.user.ok_or_else(nobody)?;
    let user = authority.user(visit.realm, user).await.map_err(|error| match error.kind() {
        Kind::NotFound => nobody(),
        _ => error,
    })?;
    // Only a call that succeeds extends the session, so check again.
    authority.check_exact(&presented, request.now, Touch::Extend).await?;
    Ok(wire::shown(&user, &visit.query))
}

/// The session is alive, but its user is gone: answer as if the deletion had already ended it.
fn nobody() -> Error {
    Error::dead(DeadReason::Ended(Why::UserDeleted))
}
