//! The fields of a request's query and body.

use http::StatusCode;
use http::header::CONTENT_TYPE;

use super::{Fields, TooManyFields};
use crate::http::headers::{Headers, text};
use crate::http::{Request, Response, plain};

impl Fields {
    /// The fields of the query.
    ///
    /// # Errors
    /// The response to send: 413 for too many fields.
    pub fn queried(request: &Request) -> Result<Self, Response> {
        Self::query(request.query()).map_err(too_large)
    }

    /// The fields of the body: a form, url-encoded or multipart. A body of another type has none; a body without a type
    /// is read as a url-encoded form.
    ///
    /// # Errors
    /// As [`Request::body`], and 413 for too many fields.
    pub async fn posted(request: &mut Request) -> Result<Self, Response> {
        let body = request.body().await?;
        let read = Self::body(content_type(request.headers()), &body).map_err(too_large)?;
        Ok(read.into_fields())
    }
}

fn too_large(TooManyFields: TooManyFields) -> Response {
    plain(StatusCode::PAYLOAD_TOO_LARGE)
}

/// The content type. One that is not text, or is repeated, counts as an unknown type, not as a missing one.
fn content_type(headers: &Headers) -> Option<&str> {
    const UNKNOWN: &str = "?";
    let mut all = headers.all(&CONTENT_TYPE);
    let first = all.next()?;
    Some(if all.next().is_some() { UNKNOWN } else { text(first).unwrap_or(UNKNOWN) })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_unreadable_type_is_not_a_missing_one() {
        let mut headers = Headers::new();
        assert_eq!(content_type(&headers), None);
        headers.add(&CONTENT_TYPE, "text/plain");
        assert_eq!(content_type(&headers), Some("text/plain"));
        headers.add(&CONTENT_TYPE, "text/plain");
        assert_eq!(content_type(&headers), Some("?"));
        headers.set(&CONTENT_TYPE, b"\xff");
        assert_eq!(content_type(&headers), Some("?"));
    }
}
