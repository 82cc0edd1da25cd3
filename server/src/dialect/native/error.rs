//! Errors of the native dialect: problem details (RFC 9457, PD-01..03).

use http::StatusCode;
use http::header::{ACCEPT, CONNECTION, WWW_AUTHENTICATE};
use serde_json::{Value, json};

use crate::error::{Error, Kind, Throttled};
use crate::http::retry_after;
use crate::http::{LogFields, Response, answer};

/// An error that is rendered as problem details.
pub(super) struct Problem(Error);

/// Why an endpoint refuses.
pub(super) type Refusal = crate::http::Refusal<Problem>;

/// The response to an error.
pub(super) fn render(error: &Error) -> Response {
    let (status, field) = match error.kind() {
        Kind::Malformed(field) => (StatusCode::BAD_REQUEST, Some(field)),
        Kind::Unauthenticated => (StatusCode::UNAUTHORIZED, None),
        Kind::Dead(_) => (StatusCode::UNAUTHORIZED, None),
        Kind::Forbidden => (StatusCode::FORBIDDEN, None),
        Kind::NotFound => (StatusCode::NOT_FOUND, None),
        Kind::Conflict(field) => (StatusCode::CONFLICT, Some(field)),
        Kind::Unsupported => (StatusCode::METHOD_NOT_ALLOWED, None),
        Kind::TooMany(throttle) => match throttle.who {
            Throttled::Account => (StatusCode::TOO_MANY_REQUESTS, Some("account")),
            Throttled::Address => (StatusCode::TOO_MANY_REQUESTS, Some("address")),
            Throttled::Key => (StatusCode::TOO_MANY_REQUESTS, Some("key")),
        },
        Kind::Unavailable(_) => (StatusCode::SERVICE_UNAVAILABLE, None),
        Kind::Internal => (StatusCode::INTERNAL_SERVER_ERROR, None),
    };
    let mut response = problem(status, error.kind().word(), error.public(), field);
    retry_after(&mut response, error);
    if status == StatusCode::UNAUTHORIZED {
        response.headers.set(&WWW_AUTHENTICATE, "Bearer realm=\"exeunt\"");
    }
    response.log_fields = LogFields::of(error);
    response
}

/// The path does not have this method.
pub(super) fn unsupported() -> Error {
    Error::new(Kind::Unsupported, "this path does not support that method")
}

/// The body has an unsupported type (HTTP-04).
pub(super) fn unsupported_media_type() -> Response {
    let detail = "the body is not declared as JSON; send Content-Type: application/json";
    let mut response = problem(StatusCode::UNSUPPORTED_MEDIA_TYPE, "unsupported_media_type", detail, None);
    response.headers.set(&ACCEPT, "application/json");
    response
}

/// The body did not arrive: rewrites the bare refusal in the words of this dialect.
pub(super) fn of_body(bare: &Response) -> Response {
    let (word, detail) = match bare.status {
        StatusCode::PAYLOAD_TOO_LARGE => ("too_large", "the body is larger than this server accepts"),
        StatusCode::REQUEST_TIMEOUT => ("too_slow", "the body did not arrive in time"),
        _ => ("malformed", "the body ended early"),
    };
    let mut response = problem(bare.status, word, detail, None);
    response.headers.set(&CONNECTION, "close");
    response
}

/// The position in the log of marks is too old, or of another incarnation: the reader must take a snapshot.
pub(super) fn gone() -> Response {
    problem(
        StatusCode::GONE,
        "gone",
        "the log does not reach back to this position; start again from /v1/snapshot",
        None,
    )
}

fn problem(status: StatusCode, word: &str, detail: &str, field: Option<&str>) -> Response {
    let mut body = json!({
        "type": format!("urn:exeunt:problem:{word}"),
        "title": status.canonical_reason().unwrap_or_default(),
        "status": status.as_u16(),
        "detail": detail,
    });
    if let (Some(field), Value::Object(members)) = (field, &mut body) {
        members.insert("field".to_owned(), field.into());
    }
    answer(status, "application/problem+json", body.to_string())
}

impl From<Error> for Problem {
    fn from(error: Error) -> Self {
        Self(error)
    }
}

impl From<Problem> for Response {
    fn from(problem: Problem) -> Self {
        render(&problem.0)
    }
}
