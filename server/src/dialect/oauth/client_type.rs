//! Whether a client can keep a secret (RFC 6749 §2.1).

/// The type of a client.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ClientType {
    /// Its program is in the hands of its users, so it has no secret.
    Public,
    /// It runs on a server, and has a secret.
    Confidential,
}
