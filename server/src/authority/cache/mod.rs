//! What a node keeps in memory, so that a check asks no store.

pub mod names;
pub mod sessions;
