//! Errors of whoever asks for an access token as `Bearer` (RFC 6750 §3).

use http::StatusCode;

use crate::dialect::oauth::scope::Scopes;

/// Why a call with, or without, an access token is refused (OA-21).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Challenge<'a> {
    /// It presents none: told how to, and no error.
    Missing,
    /// It presents one in a way that is not allowed, or two.
    InvalidRequest,
    /// Unknown, expired or ended.
    InvalidToken,
    /// The token is good, but has not all of these scopes.
    InsufficientScope(&'a Scopes),
}

impl Challenge<'_> {
    /// The status of the answer.
    pub const fn status(self) -> StatusCode {
        match self {
            Self::InvalidRequest => StatusCode::BAD_REQUEST,
            Self::Missing | Self::InvalidToken => StatusCode::UNAUTHORIZED,
            Self::InsufficientScope(_) => StatusCode::FORBIDDEN,
        }
    }

    /// The value of `WWW-Authenticate`.
    pub fn header(self) -> String {
        match self {
            Self::Missing => "Bearer realm=\"exeunt\"".to_owned(),
            Self::InvalidRequest => error("invalid_request"),
            Self::InvalidToken => error("invalid_token"),
            // No scope has a quotation mark or a backslash.
            Self::InsufficientScope(scopes) => format!("{}, scope=\"{scopes}\"", error("insufficient_scope")),
        }
    }
}

fn error(word: &str) -> String {
    format!("Bearer realm=\"exeunt\", error=\"{word}\"")
}
