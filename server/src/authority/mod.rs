//! The operations: one implementation for all dialects, and the only caller of the store.
//!
//! One file for each noun. Every operation takes a [`Call`] (who, when, from where, which dialect) or just `now`,
//! judges with `exeunt-core`, and writes at most once.

pub mod backup;
pub mod cache;
mod call;
pub mod client;
pub mod counters;
pub mod feed;
pub mod key;
pub mod list;
pub mod login;
pub mod logout;
pub mod migrate;
mod mint;
mod naming;
pub mod numbers;
pub mod open;
pub mod passwords;
pub mod private_file;
pub mod realm;
pub mod seal;
pub mod session;
pub mod throttle;
pub mod upkeep;
pub mod usage;
pub mod user;
pub mod whoami;

use std::sync::Arc;

pub use call::{Call, SERVER};
pub use client::ClientChange;
pub use login::Login;
pub use logout::Logout;
pub use mint::Mint;
pub use passwords::Password;
pub use session::{ActiveSession, Issue, IssueRequest, Presented, Touch};
pub use user::UserChange;
pub use whoami::Admitted;

pub use crate::store::figures::{Disk, FREE_BYTES_WARNING};
pub use crate::store::{
    AuditEntry, AuditPlace, Client, Identifier, Key, MarkPage, Position, RaiseOutcome, Realm, Role, Settings,
    Usage, User, Usernames,
};

use crate::authority::cache::keys::Keys;
use crate::authority::cache::names::Names;
use crate::authority::cache::sessions::SessionCache;
use crate::authority::client::Clients;
use crate::authority::counters::Counters;
use crate::authority::passwords::Passwords;
use crate::authority::realm::{Builtin, Realms};
use crate::authority::throttle::Throttle;
use crate::authority::upkeep::{Round, Touches};
use crate::authority::usage::LegacyUsage;
use crate::store::Store;

/// Logs users in, checks sessions and logs them out. Cheap to share behind an `Arc`.
pub struct Authority {
    store: Arc<dyn Store>,
    memory: Arc<SessionCache>,
    clients: Clients,
    keys: Keys,
    realms: Realms,
    builtins: Vec<Builtin>,
    passwords: Passwords,
    throttle: Throttle,
    touches: Touches,
    usages: LegacyUsage,
    round: Round,
    names: Names,
    retention: Retention,
    counters: Arc<Counters>,
}

/// How long ended and expired data is kept.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Retention {
    /// Seconds that a dead session is kept, so that "expired" can be told from "does not exist".
    pub dead_secs: u64,
    /// Seconds that the log of marks reaches back.
    pub log_secs: u64,
}
