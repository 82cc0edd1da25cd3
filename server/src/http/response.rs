//! Responses, as endpoints make them.

use std::fmt;
use std::pin::Pin;

use bytes::Bytes;
use exeunt_core::{ClientId, KeyId};
use http::header::{CONNECTION, CONTENT_TYPE, RETRY_AFTER};
use http::{HeaderName, HeaderValue, StatusCode, Version};
use http_body_util::combinators::BoxBody;
use http_body_util::{Either, Full};

use crate::error::{Error, Kind};
use crate::http::headers::Headers;

/// The response to a request.
pub struct Response {
    pub status: StatusCode,
    pub headers: Headers,
    pub body: Body,
    /// What the access log says of it.
    pub log_fields: LogFields,
}

/// The future of a response.
pub type ResponseFuture = Pin<Box<dyn Future<Output = Response> + Send>>;

/// What an endpoint returns: a response, or a refusal that becomes one.
pub trait IntoResponse {
    fn into_response(self) -> Response;
}

impl IntoResponse for Response {
    fn into_response(self) -> Response {
        self
    }
}

impl<E: Into<Response>> IntoResponse for Result<Response, E> {
    fn into_response(self) -> Response {
        self.unwrap_or_else(Into::into)
    }
}

/// The body of a response.
pub enum Body {
    /// The whole body.
    Whole(Bytes),
    /// Produced while the client reads it.
    Stream(BoxBody<Bytes, Cut>),
}

/// The response was cut off: its connection is closed before its end.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Cut;

/// A response in the type of the HTTP library.
pub type HttpResponse = http::Response<Either<Full<Bytes>, BoxBody<Bytes, Cut>>>;

/// What the access log says of a response.
#[derive(Clone, Debug, Default)]
pub struct LogFields {
    /// The kind of error.
    pub kind: Option<Kind>,
    /// Text for the log only.
    pub private: Option<String>,
    /// The API key of the caller.
    pub key: Option<KeyId>,
    /// The client that used a deprecated dialect (DEP-08), if known.
    pub client: Option<ClientId>,
}

impl fmt::Display for Cut {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("the response was cut off")
    }
}

impl std::error::Error for Cut {}

impl LogFields {
    /// The log fields of an error.
    pub fn of(error: &Error) -> Self {
        Self { kind: Some(error.kind()), private: error.private().map(str::to_owned), ..Self::default() }
    }
}

impl Response {
    /// Converts the response for the HTTP library. `version` is that of the request.
    pub fn into_http(mut self, version: Version) -> HttpResponse {
        let mut response = http::Response::new(match self.body {
            Body::Whole(whole) => Either::Left(Full::new(whole)),
            Body::Stream(stream) => Either::Right(stream),
        });
        if version == Version::HTTP_10 && self.headers.has(&CONNECTION) {
            // HTTP/1.0 closes by default. The library would add "keep-alive" to a "close".
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

/// A response with a body of this type.
pub fn answer(status: StatusCode, content_type: &'static str, body: impl Into<Bytes>) -> Response {
    let mut response = empty(status);
    response.headers.add(&CONTENT_TYPE, content_type);
    response.body = Body::Whole(body.into());
    response
}

/// A response without a body.
pub fn empty(status: StatusCode) -> Response {
    Response {
        status,
        headers: Headers::new(),
        body: Body::Whole(Bytes::new()),
        log_fields: LogFields::default(),
    }
}

/// A bare refusal where no dialect answers: the status in words. If the request may not have been read to its end, the
/// connection is closed.
pub fn plain(status: StatusCode) -> Response {
    let text = status.canonical_reason().unwrap_or("error").to_lowercase();
    let mut response = answer(status, "text/plain; charset=utf-8", format!("{text}\n"));
    if matches!(status, StatusCode::PAYLOAD_TOO_LARGE | StatusCode::REQUEST_TIMEOUT | StatusCode::BAD_REQUEST)
    {
        response.headers.set(&CONNECTION, "close");
    }
    response
}

/// Sets `Retry-After` if the error has a retry time, for the dialects that use this header.
pub fn retry_after(response: &mut Response, error: &Error) {
    if let Some(secs) = error.kind().retry_after_secs() {
        response.headers.set(&RETRY_AFTER, secs.to_string());
    }
}
