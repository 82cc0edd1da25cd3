//! Errors of this dialect: the numbers and messages of its documents.

use http::StatusCode;

use super::PathPrefix;
use super::reply::Reply;
use super::wire::Format;
use crate::error::{DeadReason, Error, Kind, Throttled, Unavailability};
use crate::http::{LogFields, Response};

/// An error of the documents. Deliberately absent are those that no call here can have, and 101 "User not found", which
/// would disclose who has an account.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Code {
    UnknownMethod,
    MethodNotSupported,
    InvalidParameters,
    UnknownError,
    DatabaseError,
    KeyAuthenticationFailed,
    PermissionDenied,
    FormatNotSupported,
    NotAUser,
    Throttled,
    EmailOrPasswordInvalid,
    AccountLocked,
}

/// A failed call: the error to answer, and what to log.
pub(super) struct Fault {
    pub code: Code,
    pub log_fields: LogFields,
}

impl From<Error> for Fault {
    fn from(error: Error) -> Self {
        Self { code: Code::of(error.kind()), log_fields: LogFields::of(&error) }
    }
}

impl From<Code> for Fault {
    fn from(code: Code) -> Self {
        Self { code, log_fields: LogFields { kind: Some(code.kind()), ..LogFields::default() } }
    }
}

impl Code {
    /// The error of the documents for this kind.
    const fn of(kind: Kind) -> Self {
        match kind {
            Kind::Malformed(_) | Kind::Conflict(_) => Self::InvalidParameters,
            Kind::Unauthenticated => Self::EmailOrPasswordInvalid,
            // In this dialect, only a session or its user can be missing.
            Kind::Dead(_) | Kind::NotFound => Self::KeyAuthenticationFailed,
            Kind::Forbidden => Self::PermissionDenied,
            Kind::Unsupported => Self::MethodNotSupported,
            Kind::TooMany(throttle) => match throttle.who {
                Throttled::Account => Self::AccountLocked,
                Throttled::Address | Throttled::Key => Self::Throttled,
            },
            Kind::Unavailable(Unavailability::Busy) => Self::Throttled,
            Kind::Unavailable(
                Unavailability::Refused | Unavailability::Unknown | Unavailability::Overtaken,
            ) => Self::DatabaseError,
            Kind::Internal => Self::UnknownError,
        }
    }

    pub(super) const fn number(self) -> u8 {
        match self {
            Self::UnknownMethod => 1,
            Self::MethodNotSupported => 2,
            Self::InvalidParameters => 3,
            Self::UnknownError => 4,
            Self::DatabaseError => 5,
            Self::KeyAuthenticationFailed => 6,
            Self::PermissionDenied => 7,
            Self::FormatNotSupported => 10,
            Self::NotAUser => 13,
            Self::Throttled => 14,
            Self::EmailOrPasswordInvalid => 102,
            Self::AccountLocked => 103,
        }
    }

    pub(super) const fn message(self) -> &'static str {
        match self {
            Self::UnknownMethod => "Unknown method",
            Self::MethodNotSupported => "HTTP method not supported for this REST method",
            Self::InvalidParameters => "Invalid parameters",
            Self::UnknownError => "Unknown error",
            Self::DatabaseError => "Database error",
            Self::KeyAuthenticationFailed => "Key authentication failed",
            Self::PermissionDenied => "Permission Denied",
            Self::FormatNotSupported => "Response format not supported for this REST method",
            Self::NotAUser => "You must be logged in to the API as a user",
            Self::Throttled => "Request throttled.",
            Self::EmailOrPasswordInvalid => "Email or password invalid",
            Self::AccountLocked => {
                "Account has been temporarily locked due to excessive failed login attempts."
            }
        }
    }

    /// The status according to the published document.
    pub(super) const fn status(self) -> StatusCode {
        match self {
            Self::UnknownMethod => StatusCode::NOT_FOUND,
            Self::MethodNotSupported => StatusCode::METHOD_NOT_ALLOWED,
            Self::InvalidParameters | Self::FormatNotSupported => StatusCode::BAD_REQUEST,
            Self::UnknownError | Self::DatabaseError => StatusCode::INTERNAL_SERVER_ERROR,
            Self::KeyAuthenticationFailed | Self::EmailOrPasswordInvalid => StatusCode::UNAUTHORIZED,
            Self::PermissionDenied | Self::NotAUser | Self::Throttled | Self::AccountLocked => {
                StatusCode::FORBIDDEN
            }
        }
    }

    /// The kind of an error that this dialect detects itself, for the log.
    const fn kind(self) -> Kind {
        match self {
            Self::UnknownMethod => Kind::NotFound,
            Self::MethodNotSupported => Kind::Unsupported,
            Self::InvalidParameters => Kind::Malformed("parameters"),
            Self::FormatNotSupported => Kind::Malformed("format"),
            Self::KeyAuthenticationFailed => Kind::Dead(DeadReason::Unknown),
            Self::PermissionDenied | Self::EmailOrPasswordInvalid => Kind::Unauthenticated,
            Self::NotAUser | Self::Throttled | Self::AccountLocked => Kind::Forbidden,
            Self::UnknownError | Self::DatabaseError => Kind::Internal,
        }
    }
}

/// The error in all forms of this dialect.
pub(super) fn table(error: &Error) -> Vec<(&'static str, Response)> {
    [
        ("rest xml", PathPrefix::Rest, Format::Xml),
        ("rest json", PathPrefix::Rest, Format::Json),
        ("rest csv", PathPrefix::Rest, Format::Csv),
        ("api xml", PathPrefix::Api, Format::Xml),
        ("api json", PathPrefix::Api, Format::Json),
        ("api csv", PathPrefix::Api, Format::Csv),
    ]
    .into_iter()
    .map(|(form, entrance, format)| {
        let fault = Fault { code: Code::of(error.kind()), log_fields: LogFields::of(error) };
        (form, Reply { entrance, format, allow: "POST" }.refuse(fault))
    })
    .collect()
}

#[cfg(test)]
mod tests {
    use exeunt_core::Why;

    use super::*;
    use crate::error::ThrottleRefusal;

    #[test]
    fn each_kind_has_its_number() {
        let throttle = |who| Kind::TooMany(ThrottleRefusal { who, retry_after_secs: 1 });
        for (kind, number) in [
            (Kind::Unauthenticated, 102),
            (throttle(Throttled::Account), 103),
            (throttle(Throttled::Address), 14),
            (Kind::Dead(DeadReason::Unknown), 6),
            (Kind::Dead(DeadReason::Expired), 6),
            (Kind::Dead(DeadReason::Ended(Why::LoggedOut)), 6),
            (Kind::Malformed("email"), 3),
            (Kind::Unavailable(Unavailability::Busy), 14),
            (Kind::Unavailable(Unavailability::Refused), 5),
            (Kind::Unavailable(Unavailability::Unknown), 5),
            (Kind::Unavailable(Unavailability::Overtaken), 5),
            (Kind::Internal, 4),
        ] {
            assert_eq!(Code::of(kind).number(), number, "{kind:?}");
        }
    }

    #[test]
    fn each_number_has_its_status() {
        for (code, number, status) in [
            (Code::UnknownMethod, 1, 404),
            (Code::MethodNotSupported, 2, 405),
            (Code::InvalidParameters, 3, 400),
            (Code::UnknownError, 4, 500),
            (Code::DatabaseError, 5, 500),
            (Code::KeyAuthenticationFailed, 6, 401),
            (Code::PermissionDenied, 7, 403),
            (Code::FormatNotSupported, 10, 400),
            (Code::NotAUser, 13, 403),
            (Code::Throttled, 14, 403),
            (Code::EmailOrPasswordInvalid, 102, 401),
            (Code::AccountLocked, 103, 403),
        ] {
            assert_eq!((code.number(), code.status().as_u16()), (number, status), "{code:?}");
        }
    }
}
