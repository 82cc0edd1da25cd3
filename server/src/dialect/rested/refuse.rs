//! Refuses other versions, other methods, and flags that exclude each other.

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

/// PUT, DELETE and all other methods.
pub(super) fn unsupported(request: Request) -> ResponseFuture {
    Box::pin(answered(request, |_, _| async {
        Err(Error::new(Kind::Unsupported, "The method is not supported").into())
    }))
}

/// A POST with both `login` and `logout`. It is refused after all other checks, and changes nothing.
pub(super) fn confused(request: Request) -> ResponseFuture {
    Box::pin(answered(request, |request, address| async move { both(&request, address) }))
}

fn both(request: &Request, address: Address) -> Result<Response, Refusal> {
    address.enter(request)?;
    Err(Error::malformed("login", "login and logout exclude each other").into())
}
