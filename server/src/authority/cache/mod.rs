//! Data in memory, so that a check needs no store access.

pub mod keys;
pub mod names;
pub mod sessions;
