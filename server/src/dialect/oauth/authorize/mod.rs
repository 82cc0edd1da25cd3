//! The authorization endpoint: what a client asks for, and what happens next.

pub mod next;
pub mod prompt;
pub mod request;
