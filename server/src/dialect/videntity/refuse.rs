//! Answers 405 to methods other than `POST`. The documents define no XML for it, so the response has none.

use http::StatusCode;
use http::header::ALLOW;

use crate::http::{Request, Response, plain};

/// Answers without reading or changing anything.
pub(super) async fn run(_: Request) -> Response {
    let mut response = plain(StatusCode::METHOD_NOT_ALLOWED);
    response.headers.set(&ALLOW, "POST");
    response
}
