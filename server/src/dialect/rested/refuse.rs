//! Refuses other versions, other methods, and flags that exclude each other.

use super::error::Refusal;
use super::project::Address;
use crate::error::{Error, Kind};
use crate::http::{Request, Response};

/// Another version or another route.
pub(super) async fn nowhere(_: Request, _: Address) -> Result<Response, Refusal> {
    Err(Error::new(Kind::NotFound, "There is no such version or route").into())
}

/// PUT, DELETE and all other methods.
pub(super) async fn unsupported(_: Request, _: Address) -> Result<Response, Refusal> {
    Err(Error::new(Kind::Unsupported, "The method is not supported").into())
}

/// A POST with both `login` and `logout`. It is refused after all other checks, and changes nothing.
pub(super) async fn confused(request: Request, address: Address) -> Result<Response, Refusal> {
    address.enter(&request)?;
    Err(Error::malformed("login", "login and logout exclude each other").into())
}
