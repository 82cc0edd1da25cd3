//! Sealed texts: what the server gave out and recognises again without having stored it.
//!
//! | text | begins with | protected by | file |
//! |---|---|---|---|
//! | access token, refresh token, cookie of a browser session | `exa_`, `exr_`, `exb_` | HMAC-SHA-256 | [`token`] |
//! | authorization code | `exc_` | AES-256-GCM | [`code`] |
//! | value in a page: the way back, a form token, a proof of login | nothing | HMAC-SHA-256 | [`value`] |
//!
//! Each realm has its own sealing keys ([`key`]), and each purpose has its own key derived from them, so a text that
//! was made for one realm or purpose is unknown in every other. A text names its key by number; a key is replaced every
//! 30 days ([`rotation`]) and is encrypted where it is stored ([`at_rest`]).
//!
//! Texts are base64url (RFC 4648, section 5) without padding. Only the canonical form is read: the exact prefix, no
//! padding, and no bits that carry nothing. Numbers are big-endian. The first byte is the version: a reader refuses
//! every version that it does not know.
//!
//! Everything here is computed from its arguments: the time is passed in and randomness comes from the
//! [`Mint`](crate::authority::Mint). Only [`at_rest::file`] touches the disk.

pub mod at_rest;
pub mod code;
mod codec;
pub mod key;
pub mod rotation;
pub mod token;
pub mod value;

pub use key::{SealingKey, SealingKeys};

#[cfg(test)]
mod tests;
