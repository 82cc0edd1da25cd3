//! `POST …` without a flag: makes a user. Whoever registers logs in afterwards: no token is issued.

use http::header::CONTENT_TYPE;

use super::error::Refusal;
use super::project::{Address, answered};
use super::wire;
use crate::error::Error;
use crate::http::{Answer, Exchange, Response};

pub(super) fn register(x: Exchange) -> Answer {
    Box::pin(answered(x, run))
}

async fn run(mut x: Exchange, address: Address) -> Result<Response, Refusal> {
    let visit = address.enter(&x)?;
    if !visit.endpoint.registration {
        return Err(Error::malformed("endpoint", "This endpoint does not register users").into());
    }
    let body = x.body().await?;
    let credentials = wire::Credentials::read(x.header(&CONTENT_TYPE), &body)?;
    let call = visit.call(&mut x);
    let user = x.app.authority.register(&call, visit.realm, credentials.into()).await?;
    Ok(wire::shown(&user, &visit.query))
}
