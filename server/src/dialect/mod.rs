//! How the world speaks to us: what every dialect needs to read a request and to write an answer.

pub mod cookie;
pub mod csv;
pub mod form;
pub mod xml;

/// What a value becomes that could not be decoded: wrong percent-encoding, wrong UTF-8, a NUL. No identifier, password
/// or token holds a NUL, so it is answered as the dialect answers any value that matches nothing.
pub const NOTHING: &str = "\0";
