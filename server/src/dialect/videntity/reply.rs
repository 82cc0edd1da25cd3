//! Renders responses, each with a transaction number.

use http::StatusCode;

use super::error::fault;
use super::wire::{ApiMethod, CONTENT_TYPE, Envelope, failure, success};
use crate::error::{Error, Result, Unavailability};
use crate::http::retry_after;
use crate::http::{LogFields, Request, Response, answer, plain};

/// The response to one call.
pub(super) struct Reply(Envelope);

impl Reply {
    /// Takes the next number before anything else is done: without one there is no response, so nothing must happen.
    ///
    /// # Errors
    /// The response to send, 503: the store has been unavailable for so long that no numbers are left.
    pub(super) fn open(request: &Request, method: ApiMethod) -> Result<Self, Response> {
        let Some(number) = request.app.numbers.next() else {
            let error =
                Error::unavailable(Unavailability::Refused).because("there are no transaction numbers left");
            let mut response = plain(StatusCode::SERVICE_UNAVAILABLE);
            retry_after(&mut response, &error);
            response.log_fields = LogFields::of(&error);
            return Err(response);
        };
        Ok(Self(Envelope { method, number, at: request.now }))
    }

    /// Renders the outcome: the session key, or an error. Errors are HTTP 200 too, since clients read the body only
    /// then.
    pub(super) fn say(&self, outcome: Result<String>) -> Response {
        match outcome {
            Ok(session_key) => xml(success(&self.0, &session_key)),
            Err(error) => {
                let mut response = xml(failure(&self.0, fault(&error)));
                response.log_fields = LogFields::of(&error);
                response
            }
        }
    }
}

/// A response with an XML document.
pub(super) fn xml(document: String) -> Response {
    answer(StatusCode::OK, CONTENT_TYPE, document)
}
