//! What is refused whatever it is addressed to: another version, another method, flags that exclude each other.

use super::error::Refusal;
use super::project::{Address, answered};
use crate::error::{Error, Kind};
use crate::http::{Request, Response, ResponseFuture};

/// Another version or another route.
pub(super) fn nowhere(request: Request) -> ResponseFuture {
    Box::pin(answered(request, |_, _| async {
        Err(Error::new(Kind::NotFound, "There is no such version or route").into())
    }))
}

/// PUT and DELETE, for now, and whatever else there may be.
pub(super) fn unsupported(request: Request) -> ResponseFuture {
    Box::pin(answered(request, |_, _| async {
        Err(Error::new(Kind::Unsupported, "The method is not supported").into())
    }))
}

/// A POST that wants to log in and out at once: nothing is done, after all other checks.
pub(super) fn confused(request: Request) -> ResponseFuture {
    Box::pin(answered(request, |request, address| async move { both(&request, address) }))
}

fn both(request: &Request, address: Address) -> Result<Response, Refusal> {
    address.enter(request)?;
    Err(Error::malformed("login", "login and logout exclude each other").into())
}
