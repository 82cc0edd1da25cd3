//! Other methods than `POST`: 405. There is no XML for it in the documents, so the answer has none.

use http::StatusCode;
use http::header::ALLOW;

use crate::http::{Request, ResponseFuture, plain};

/// Answers the call; touches nothing, and reads nothing.
pub(super) fn refuse(_: Request) -> ResponseFuture {
    Box::pin(async {
        let mut response = plain(StatusCode::METHOD_NOT_ALLOWED);
        response.headers.set(&ALLOW, "POST");
        response
    })
}
