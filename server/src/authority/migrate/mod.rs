//! Moving in from another system: its users with their hashes, its live sessions with their tokens.

pub mod sessions;
pub mod users;
