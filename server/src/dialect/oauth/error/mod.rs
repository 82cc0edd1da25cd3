//! Errors of this dialect: a closed list of words (RFC 6749 §4.1.2.1 and §5.2 and the RFCs that add to them).
//!
//! A token endpoint answers them as JSON; an authorization request has them in the address of its answer.

mod bearer;

use std::borrow::Cow;

use http::StatusCode;
use http::header::{CACHE_CONTROL, WWW_AUTHENTICATE};
use serde_json::json;

pub use self::bearer::Challenge;
use crate::error::{Error, Kind};
use crate::http::{LogFields, Response, answer, retry_after};

/// How a client may authenticate: the challenge of every 401 of a token endpoint.
const BASIC: &str = "Basic realm=\"exeunt\"";

/// The word for what is wrong, as a program reads it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum ErrorCode {
    /// A parameter is missing, repeated or not as it must be.
    InvalidRequest,
    /// The client is unknown, or did not prove who it is.
    InvalidClient,
    /// The code or the refresh token is not good, or not of this client.
    InvalidGrant,
    /// The client may not use this grant.
    UnauthorizedClient,
    /// The server has no such grant.
    UnsupportedGrantType,
    /// The server answers an authorization request with a code only.
    UnsupportedResponseType,
    /// The scope is malformed, unknown, or more than was granted.
    InvalidScope,
    /// The resource is malformed, unknown, or not for this client (RFC 8707 §2).
    InvalidTarget,
    /// The user, or the server in the user's place, refused.
    AccessDenied,
    /// Without a page nobody can log in (OIDC Core §3.1.2.6).
    LoginRequired,
    /// Without a page nobody can consent (OIDC Core §3.1.2.6).
    ConsentRequired,
    /// A fault of the server.
    ServerError,
    /// Not now; a retry is safe.
    TemporarilyUnavailable,
}

/// An error with a text for the developer of the client.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct OAuthError {
    code: ErrorCode,
    description: Cow<'static, str>,
}

impl ErrorCode {
    /// Every code.
    pub const ALL: [Self; 13] = [
        Self::InvalidRequest,
        Self::InvalidClient,
        Self::InvalidGrant,
        Self::UnauthorizedClient,
        Self::UnsupportedGrantType,
        Self::UnsupportedResponseType,
        Self::InvalidScope,
        Self::InvalidTarget,
        Self::AccessDenied,
        Self::LoginRequired,
        Self::ConsentRequired,
        Self::ServerError,
        Self::TemporarilyUnavailable,
    ];

    /// The word on the wire.
    pub const fn word(self) -> &'static str {
        match self {
            Self::InvalidRequest => "invalid_request",
            Self::InvalidClient => "invalid_client",
            Self::InvalidGrant => "invalid_grant",
            Self::UnauthorizedClient => "unauthorized_client",
            Self::UnsupportedGrantType => "unsupported_grant_type",
            Self::UnsupportedResponseType => "unsupported_response_type",
            Self::InvalidScope => "invalid_scope",
            Self::InvalidTarget => "invalid_target",
            Self::AccessDenied => "access_denied",
            Self::LoginRequired => "login_required",
            Self::ConsentRequired => "consent_required",
            Self::ServerError => "server_error",
            Self::TemporarilyUnavailable => "temporarily_unavailable",
        }
    }

    /// The status with which a token endpoint answers it (OA-09).
    pub const fn status(self) -> StatusCode {
        match self {
            Self::InvalidClient => StatusCode::UNAUTHORIZED,
            Self::ServerError => StatusCode::INTERNAL_SERVER_ERROR,
            Self::TemporarilyUnavailable => StatusCode::SERVICE_UNAVAILABLE,
            Self::InvalidRequest
            | Self::InvalidGrant
            | Self::UnauthorizedClient
            | Self::UnsupportedGrantType
            | Self::UnsupportedResponseType
            | Self::InvalidScope
            | Self::InvalidTarget
            | Self::AccessDenied
            | Self::LoginRequired
            | Self::ConsentRequired => StatusCode::BAD_REQUEST,
        }
    }
}

impl OAuthError {
    /// An error with this description.
    pub fn new(code: ErrorCode, description: impl Into<Cow<'static, str>>) -> Self {
        Self { code, description: description.into() }
    }

    /// A parameter is not as it must be.
    pub fn invalid_request(description: impl Into<Cow<'static, str>>) -> Self {
        Self::new(ErrorCode::InvalidRequest, description)
    }

    /// The word for programs.
    pub const fn code(&self) -> ErrorCode {
        self.code
    }

    /// The text, in the characters that OA-10 allows: no quotation mark, no backslash, ASCII only.
    pub fn description(&self) -> String {
        self.description.chars().map(allowed).collect()
    }

    /// The answer of a token endpoint.
    pub fn response(&self) -> Response {
        self.response_of(self.code.status())
    }

    /// The answer of a token endpoint with another status: 405, 413 or 415 for a request that was not read.
    pub fn response_of(&self, status: StatusCode) -> Response {
        let body = json!({ "error": self.code.word(), "error_description": self.description() });
        let mut response = answer(status, "application/json", body.to_string());
        // OA-08: errors as much as tokens.
        response.headers.set(&CACHE_CONTROL, "no-store");
        if status == StatusCode::UNAUTHORIZED {
            response.headers.set(&WWW_AUTHENTICATE, BASIC);
        }
        response
    }
}

/// The error of the server in the words of OAuth.
impl From<&Error> for OAuthError {
    fn from(error: &Error) -> Self {
        let code = match error.kind() {
            // A token endpoint looks for clients, sessions and users by what is presented: not found is its fault.
            Kind::Malformed(_) | Kind::NotFound | Kind::Conflict(_) | Kind::Unsupported => {
                ErrorCode::InvalidRequest
            }
            Kind::Unauthenticated => ErrorCode::InvalidClient,
            Kind::Dead(_) => {
                // RTR-14: the answer does not say which of the reasons it was.
                return Self::new(ErrorCode::InvalidGrant, "the grant is not valid, or not any more");
            }
            Kind::Forbidden => ErrorCode::UnauthorizedClient,
            Kind::TooMany(_) | Kind::Unavailable(_) => ErrorCode::TemporarilyUnavailable,
            Kind::Internal => ErrorCode::ServerError,
        };
        Self::new(code, error.public().to_owned())
    }
}

/// The answer of a token endpoint to an error of the server.
pub fn render(error: &Error) -> Response {
    let oauth = OAuthError::from(error);
    let mut response = match error.kind() {
        Kind::TooMany(_) => oauth.response_of(StatusCode::TOO_MANY_REQUESTS),
        Kind::Unsupported => oauth.response_of(StatusCode::METHOD_NOT_ALLOWED),
        _ => oauth.response(),
    };
    retry_after(&mut response, error);
    response.log_fields = LogFields::of(error);
    response
}

/// The character, or the one that stands for it where a description cannot have it.
const fn allowed(letter: char) -> char {
    match letter {
        '"' => '\'',
        '\\' => '/',
        ' '..='~' => letter,
        _ => '?',
    }
}

#[cfg(test)]
mod tests;
