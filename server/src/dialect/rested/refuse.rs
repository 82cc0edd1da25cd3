//! What is refused whatever it is addressed to: another version, another method, flags that exclude each other.

use super::error::Refusal;
use super::project::{Address, answered};
use crate::error::{Error, Kind};
use crate::http::{Answer, Exchange, Response};

/// Another version or another route.
pub(super) fn nowhere(x: Exchange) -> Answer {
    Box::pin(answered(x, |_, _| async {
        Err(Error::new(Kind::NotFound, "There is no such version or route").into())
    }))
}

/// PUT and DELETE, for now, and whatever else there may be.
pub(super) fn unsupported(x: Exchange) -> Answer {
    Box::pin(answered(x, |_, _| async {
        Err(Error::new(Kind::Unsupported, "The method is not supported").into())
    }))
}

/// A POST that wants to log in and out at once: nothing is done, after all other checks.
pub(super) fn confused(x: Exchange) -> Answer {
    Box::pin(answered(x, |x, address| async move { both(&x, address) }))
}

fn both(x: &Exchange, address: Address) -> Result<Response, Refusal> {
    address.enter(x)?;
    Err(Error::malformed("login", "login and logout exclude each other").into())
}
