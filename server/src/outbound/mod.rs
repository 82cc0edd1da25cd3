//! Outgoing HTTP: one connection to one server, with or without TLS. Redirects are not followed, so that a secret goes to
//! the server that was named and to no other.

mod connection;
mod target;
mod tls;

use std::fmt;

pub use connection::Connection;
pub use target::Target;

/// Why a call of another server failed. It names no secret.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Fault {
    /// The address, or a file that was given for it, cannot be used.
    Invalid(String),
    /// The server cannot be reached, or the connection broke off.
    Unreachable(String),
    /// The server does not prove that it is the one that was named.
    Untrusted(String),
}

impl fmt::Display for Fault {
    fn fmt(&self, to: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (Self::Invalid(text) | Self::Unreachable(text) | Self::Untrusted(text)) = self;
        to.write_str(text)
    }
}
