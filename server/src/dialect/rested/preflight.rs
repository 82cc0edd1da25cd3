//! `OPTIONS …`: a browser's question before it lets a page call. It has no token, and changes nothing.

use http::StatusCode;
use http::header::{ACCESS_CONTROL_REQUEST_METHOD, ALLOW};

use super::METHODS;
use super::error::Refusal;
use super::project::Address;
use crate::http::{Request, Response, empty};

pub(super) async fn run(request: Request, address: Address) -> Result<Response, Refusal> {
    let origin = address.preflight()?;
    let mut response = empty(StatusCode::NO_CONTENT);
    response.headers.set(&ALLOW, METHODS);
    if request.headers().has(&ACCESS_CONTROL_REQUEST_METHOD) {
        origin.mark_preflight(&mut response.headers);
    }
    Ok(response)
}
