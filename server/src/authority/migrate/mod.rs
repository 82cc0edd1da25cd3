//! Migration from another system: users with their hashes, live sessions with their tokens.

pub mod sessions;
pub mod users;
