//! An answer in the making: where the call came in, and in which format it wants its answer.

use http::StatusCode;
use http::header::{ALLOW, WWW_AUTHENTICATE};

use super::Entrance;
use super::error::Fault;
use super::wire::{Format, Outcome, failure, success};
use crate::http::{Response, answer};

/// How a call is answered.
#[derive(Clone, Copy)]
pub(super) struct Reply {
    /// Where it came in.
    pub entrance: Entrance,
    /// What it wants.
    pub format: Format,
    /// The methods that it could have used.
    pub allow: &'static str,
}

/// RFC 9110 §11.6.1 (HTTP-06): every 401 names a scheme. There is none for keys in a query; this is the one that our
/// callers have besides.
const CHALLENGE: &str = "Bearer realm=\"exeunt\"";

impl Reply {
    /// Says what came of the call.
    pub(super) fn say(&self, outcome: Result<Outcome, Fault>) -> Response {
        match outcome {
            Ok(outcome) => answer(StatusCode::OK, self.format.content_type(), success(&outcome, self.format)),
            Err(fault) => self.refuse(fault),
        }
    }

    /// Says what went wrong.
    pub(super) fn refuse(&self, fault: Fault) -> Response {
        let status = match self.entrance {
            // Shipped clients read an error only from a success.
            Entrance::Rest => StatusCode::OK,
            Entrance::Api => fault.code.status(),
        };
        let body = failure(fault.code, self.entrance, self.format);
        let mut response = answer(status, self.format.content_type(), body);
        if status == StatusCode::METHOD_NOT_ALLOWED {
            response.headers.set(&ALLOW, self.allow);
        }
        if status == StatusCode::UNAUTHORIZED {
            response.headers.set(&WWW_AUTHENTICATE, CHALLENGE);
        }
        response.log_fields = fault.log_fields;
        response
    }
}
