//! `POST …` without a flag: creates a user. It issues no token: the user logs in afterwards.

use http::header::CONTENT_TYPE;

use super::error::Refusal;
use super::project::Address;
use super::wire;
use crate::error::Error;
use crate::http::{Request, Response};

pub(super) async fn run(mut request: Request, address: Address) -> Result<Response, Refusal> {
    let visit = address.enter(&request)?;
    if !visit.endpoint.registration {
        return Err(Error::malformed("endpoint", "This endpoint does not register users").into());
    }
    let body = request.body().await?;
    let credentials = wire::Credentials::read(request.header(&CONTENT_TYPE), &body)?;
    let call = visit.call(&mut request);
    let user = request.app.authority.register(&call, visit.realm, credentials.into()).await?;
    Ok(wire::shown(&user, &visit.query))
}
