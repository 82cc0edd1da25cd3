//! What an endpoint answers.

use std::fmt;

use bytes::Bytes;
use exeunt_core::{ClientId, KeyId};
use http::header::{CONNECTION, CONTENT_TYPE, RETRY_AFTER};
use http::{HeaderName, HeaderValue, StatusCode, Version};
use http_body_util::combinators::BoxBody;
use http_body_util::{Either, Full};

use crate::error::{Error, Kind};
use crate::http::headers::Headers;

/// An answer.
pub struct Response {
    /// Its status.
    pub status: StatusCode,
    /// Its header fields.
    pub headers: Headers,
    /// What it says.
    pub body: Body,
    /// What the log says of it.
    pub log_fields: LogFields,
}

/// The body of an answer.
pub enum Body {
    /// All of it.
    Whole(Bytes),
    /// Made as it is taken.
    Stream(BoxBody<Bytes, Cut>),
}

/// An answer was cut off: its connection is closed before its end.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Cut;

/// An answer as the HTTP library takes it.
pub type HttpResponse = http::Response<Either<Full<Bytes>, BoxBody<Bytes, Cut>>>;

/// What the log says of an answer.
#[derive(Clone, Debug, Default)]
pub struct LogFields {
    /// What went wrong.
    pub kind: Option<Kind>,
    /// The text that only the log may hold.
    pub private: Option<String>,
    /// The key that the caller proved itself with.
    pub key: Option<KeyId>,
    /// The client that a deprecated dialect was spoken for (DEP-08), where that is known.
    pub client: Option<ClientId>,
}

impl fmt::Display for Cut {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("the answer was cut off")
    }
}

impl std::error::Error for Cut {}

impl LogFields {
    /// What is to be logged of an error.
    pub fn of(error: &Error) -> Self {
        Self { kind: Some(error.kind()), private: error.private().map(str::to_owned), ..Self::default() }
    }
}

impl Response {
    /// As the HTTP library takes it, which speaks this version with the caller.
    pub fn into_http(mut self, version: Version) -> HttpResponse {
        let mut response = http::Response::new(match self.body {
            Body::Whole(whole) => Either::Left(Full::new(whole)),
            Body::Stream(stream) => Either::Right(stream),
        });
        if version == Version::HTTP_10 && self.headers.has(&CONNECTION) {
            // There an end is what is not said to be otherwise; the library would add "keep-alive" to a "close".
            self.headers.remove(&CONNECTION);
            *response.version_mut() = version;
        }
        *response.status_mut() = self.status;
        for (name, value) in self.headers.iter() {
            if let (Ok(name), Ok(value)) = (HeaderName::from_bytes(name), HeaderValue::from_bytes(value)) {
                response.headers_mut().append(name, value);
            }
        }
        response
    }
}

/// An answer with a body of this type.
pub fn answer(status: StatusCode, content_type: &'static str, body: impl Into<Bytes>) -> Response {
    let mut response = empty(status);
    response.headers.add(&CONTENT_TYPE, content_type);
    response.body = Body::Whole(body.into());
    response
}

/// An answer without a body.
pub fn empty(status: StatusCode) -> Response {
    Response {
        status,
        headers: Headers::new(),
        body: Body::Whole(Bytes::new()),
        log_fields: LogFields::default(),
    }
}

/// The bare refusal of what no dialect answers: the status in words. The connection is closed, since the rest of
/// the request may still be on it.
pub fn plain(status: StatusCode) -> Response {
    let text = status.canonical_reason().unwrap_or("error").to_lowercase();
    let mut response = answer(status, "text/plain; charset=utf-8", format!("{text}\n"));
    if matches!(status, StatusCode::PAYLOAD_TOO_LARGE | StatusCode::REQUEST_TIMEOUT | StatusCode::BAD_REQUEST)
    {
        response.headers.set(&CONNECTION, "close");
    }
    response
}

/// Says when a caller should ask again, where that is known: for dialects that answer so.
pub fn retry_after(response: &mut Response, error: &Error) {
    if let Some(secs) = error.kind().retry_after_secs() {
        response.headers.set(&RETRY_AFTER, secs.to_string());
    }
}
