//! Exeunt, the session authority: one server that logs people and programs in, checks their sessions and logs them
//! out. When a logout has been acknowledged, nothing accepts that session any more.
//!
//! `ARCHITECTURE.md` is the map of this crate; the rule itself lives in `exeunt-core`.

pub mod authority;
pub mod device;
pub mod dialect;
pub mod env;
pub mod error;
pub mod store;
