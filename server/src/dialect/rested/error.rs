//! Errors of this dialect: a real status, and `{"message": …}`.

use exeunt_core::Why;
use http::StatusCode;
use http::header::{ALLOW, WWW_AUTHENTICATE};
use serde_json::json;

use super::METHODS;
use crate::error::{DeadReason, Error, Kind};
use crate::http::retry_after;
use crate::http::{LogFields, Response, answer, plain};

/// What this dialect renders.
pub(super) enum Fault {
    /// An error of the domain.
    Error(Error),
    /// The call needs a token and presents none.
    MissingToken,
}

/// Why an endpoint refuses.
pub(super) type Refusal = crate::http::Refusal<Fault>;

impl Refusal {
    /// The call needs a token and presents none.
    pub(super) const fn missing_token() -> Self {
        Self::Fault(Fault::MissingToken)
    }

    /// The query has too many fields.
    pub(super) fn too_large() -> Self {
        plain(StatusCode::PAYLOAD_TOO_LARGE).into()
    }
}

impl From<Error> for Fault {
    fn from(error: Error) -> Self {
        Self::Error(error)
    }
}

impl From<Fault> for Response {
    fn from(fault: Fault) -> Self {
        match fault {
            Fault::Error(error) => render(&error),
            Fault::MissingToken => message(StatusCode::UNAUTHORIZED, "Missing Access Token"),
        }
    }
}

/// The response to an error.
pub(super) fn render(error: &Error) -> Response {
    let (status, text) = match error.kind() {
        Kind::Malformed(_) | Kind::Conflict(_) => (StatusCode::BAD_REQUEST, error.public()),
        Kind::Dead(DeadReason::Expired) => (StatusCode::UNAUTHORIZED, "Token expired"),
        Kind::Dead(DeadReason::Ended(Why::UserDeleted)) => (StatusCode::UNAUTHORIZED, "No user found"),
        Kind::Unauthenticated | Kind::Dead(DeadReason::Unknown | DeadReason::Ended(_)) => {
            (StatusCode::UNAUTHORIZED, "Invalid credentials")
        }
        Kind::Forbidden => (StatusCode::FORBIDDEN, error.public()),
        Kind::NotFound => (StatusCode::NOT_FOUND, error.public()),
        Kind::Unsupported => (StatusCode::METHOD_NOT_ALLOWED, error.public()),
        Kind::TooMany(_) => (StatusCode::TOO_MANY_REQUESTS, error.public()),
        // A logout of several sessions may have ended some of them, so the text does not say that nothing changed.
        Kind::Unavailable(_) => (StatusCode::SERVICE_UNAVAILABLE, "The server cannot do this now; ask again"),
        Kind::Internal => (StatusCode::INTERNAL_SERVER_ERROR, error.public()),
    };
    let mut response = message(status, text);
    if status == StatusCode::METHOD_NOT_ALLOWED {
        response.headers.set(&ALLOW, METHODS);
    }
    retry_after(&mut response, error);
    response.log_fields = LogFields::of(error);
    response
}

/// The error in the only form of this dialect.
pub(super) fn table(error: &Error) -> Vec<(&'static str, Response)> {
    vec![("json", render(error))]
}

fn message(status: StatusCode, text: &str) -> Response {
    let mut response = answer(status, "application/json", json!({ "message": text }).to_string());
    if status == StatusCode::UNAUTHORIZED {
        response.headers.set(&WWW_AUTHENTICATE, "Bearer realm=\"exeunt\"");
    }
    response
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::http::Body;

    #[test]
    fn the_four_reasons_of_a_401() {
        for (error, text) in [
            (Error::unauthenticated(), "Invalid credentials"),
            (Error::dead(DeadReason::Unknown), "Invalid credentials"),
            (Error::dead(DeadReason::Ended(Why::LoggedOut)), "Invalid credentials"),
            (Error::dead(DeadReason::Ended(Why::Disabled)), "Invalid credentials"),
            (Error::dead(DeadReason::Expired), "Token expired"),
            (Error::dead(DeadReason::Ended(Why::UserDeleted)), "No user found"),
        ] {
            assert_eq!(text_of(&error), (StatusCode::UNAUTHORIZED, format!("{{\"message\":\"{text}\"}}")));
        }
        let missing = Response::from(Refusal::missing_token());
        assert_eq!(body(missing), "{\"message\":\"Missing Access Token\"}");
    }

    #[test]
    fn every_401_says_how_to_authenticate() {
        for response in [render(&Error::unauthenticated()), Refusal::missing_token().into()] {
            assert_eq!(response.headers.one(&WWW_AUTHENTICATE), Some("Bearer realm=\"exeunt\""));
        }
        assert!(!render(&Error::malformed("x", "")).headers.has(&WWW_AUTHENTICATE));
    }

    #[test]
    fn what_the_log_may_hold_is_not_told() {
        let (status, text) = text_of(&Error::internal("the disk is on fire"));
        assert_eq!((status, text.contains("fire")), (StatusCode::INTERNAL_SERVER_ERROR, false));
    }

    fn text_of(error: &Error) -> (StatusCode, String) {
        let response = render(error);
        (response.status, body(response))
    }

    fn body(response: Response) -> String {
        let Body::Whole(whole) = response.body else { panic!("an error is not a stream") };
        String::from_utf8(whole.to_vec()).unwrap()
    }
}
