//! Exeunt, the session authority: one server that logs people and programs in, checks their sessions and logs them
//! out. When a logout has been acknowledged, nothing accepts that session any more.
//!
//! `ARCHITECTURE.md` is the map of this crate; the rule itself lives in `exeunt-core`.

pub mod app;
pub mod authority;
pub mod cli;
pub mod config;
pub mod dialect;
pub mod env;
pub mod error;
pub mod gate;
pub mod http;
pub mod lock;
pub mod log;
pub mod metrics;
pub mod mismatch;
pub mod open;
pub mod outbound;
pub mod serve;
pub mod store;
pub mod task;
pub mod time;
pub mod tls;

#[cfg(test)]
#[path = "../tests/support/scratch.rs"]
mod scratch;
