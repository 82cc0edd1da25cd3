//! Renders responses for the path prefix and the format of a call.

use http::StatusCode;
use http::header::{ALLOW, WWW_AUTHENTICATE};

use super::PathPrefix;
use super::error::Fault;
use super::wire::{Format, Outcome, failure, success};
use crate::http::{Response, answer};

/// How to answer a call.
#[derive(Clone, Copy)]
pub(super) struct Reply {
    /// The path prefix of the call.
    pub entrance: PathPrefix,
    /// The format of the response.
    pub format: Format,
    /// The supported methods, for a 405.
    pub allow: &'static str,
}

/// RFC 9110 §11.6.1 (HTTP-06): every 401 names a scheme. There is no scheme for keys in a query, so this names the
/// other one that callers know.
const CHALLENGE: &str = "Bearer realm=\"exeunt\"";

impl Reply {
    /// Renders the outcome of the call.
    pub(super) fn say(&self, outcome: Result<Outcome, Fault>) -> Response {
        match outcome {
            Ok(outcome) => answer(StatusCode::OK, self.format.content_type(), success(&outcome, self.format)),
            Err(fault) => self.refuse(fault),
        }
    }

    /// Renders an error.
    pub(super) fn refuse(&self, fault: Fault) -> Response {
        let status = match self.entrance {
            // Shipped clients read the body of an error only if the status is 200.
            PathPrefix::Rest => StatusCode::OK,
            PathPrefix::Api => fault.code.status(),
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
