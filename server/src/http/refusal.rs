//! Why an endpoint does not answer as asked.

use super::Response;
use crate::error::Error;

/// A fault that the dialect renders, or a finished response: the body was too large, or did not arrive.
pub enum Refusal<F> {
    /// What the dialect renders.
    Fault(F),
    /// A finished response.
    Ready(Box<Response>),
}

impl<F: From<Error>> From<Error> for Refusal<F> {
    fn from(error: Error) -> Self {
        Self::Fault(error.into())
    }
}

impl<F> From<Response> for Refusal<F> {
    fn from(response: Response) -> Self {
        Self::Ready(Box::new(response))
    }
}

impl<F: Into<Self>> From<Refusal<F>> for Response {
    fn from(refusal: Refusal<F>) -> Self {
        match refusal {
            Refusal::Fault(fault) => fault.into(),
            Refusal::Ready(response) => *response,
        }
    }
}
