//! Errors of this dialect: a number, name and text of the documents for each kind.

use exeunt_core::Moment;

use super::reply::xml;
use super::wire::{ApiMethod, Envelope, Fault, failure};
use crate::error::{DeadReason, Error, Kind};
use crate::http::Response;

/// The error of the documents for this error. A refused login does not tell why: a locked account, a disabled user and
/// a wrong password are one error.
pub(super) fn fault(error: &Error) -> Fault {
    let of = |number, name, detail: &str| Fault { number, name, detail: detail.to_owned() };
    match error.kind() {
        Kind::Unauthenticated | Kind::Forbidden | Kind::TooMany(_) => {
            of(1, "AUTHENTICATION_ERROR", "username, password or account_number is incorrect")
        }
        Kind::Dead(DeadReason::Unknown | DeadReason::Ended(_)) | Kind::NotFound => {
            of(2, "SESSION_DOES_NOT_EXIST", "session does not exist")
        }
        Kind::Dead(DeadReason::Expired) => of(3, "SESSION_EXPIRED", "The session has expired"),
        Kind::Malformed(field) => {
            of(4, "MISSING_MANDATORY_FIELD", &format!("Mandatory field {field} is missing"))
        }
        Kind::Conflict(_) | Kind::Unsupported | Kind::Unavailable(_) | Kind::Internal => {
            of(11, "SERVER_ERROR", "The server could not process your request.")
        }
    }
}

/// The error in the only form of this dialect.
pub(super) fn table(error: &Error) -> Vec<(&'static str, Response)> {
    let envelope =
        Envelope { method: ApiMethod::Logout, number: 12123, at: Moment::from_secs(1_222_790_202) };
    vec![("xml", xml(failure(&envelope, fault(error))))]
}

#[cfg(test)]
mod tests {
    use exeunt_core::Why;

    use super::*;
    use crate::error::{ThrottleRefusal, Throttled, Unavailability};

    #[test]
    fn each_kind_has_the_number_of_the_documents() {
        let throttle = ThrottleRefusal { who: Throttled::Address, retry_after_secs: 1 };
        for (kind, number) in [
            (Kind::Unauthenticated, 1),
            (Kind::TooMany(throttle), 1),
            (Kind::Dead(DeadReason::Unknown), 2),
            (Kind::Dead(DeadReason::Ended(Why::LoggedOut)), 2),
            (Kind::Dead(DeadReason::Expired), 3),
            (Kind::Malformed("session_key"), 4),
            (Kind::Unavailable(Unavailability::Busy), 11),
            (Kind::Unavailable(Unavailability::Refused), 11),
            (Kind::Unavailable(Unavailability::Unknown), 11),
            (Kind::Unavailable(Unavailability::Overtaken), 11),
            (Kind::Internal, 11),
        ] {
            assert_eq!(fault(&Error::new(kind, "")).number, number, "{kind:?}");
        }
    }

    #[test]
    fn a_missing_field_is_named() {
        let fault = fault(&Error::malformed("session_key", ""));
        assert_eq!(fault.detail, "Mandatory field session_key is missing");
    }
}
