//! What an operator can set, each with its default. Read from TOML; `EXEUNT_…` variables are laid over it.

mod load;
mod proxies;
mod validate;

use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::path::PathBuf;

use exeunt_core::Moment;
use serde::{Deserialize, Serialize};

pub use load::{Loaded, PREFIX, load};

use crate::authority::Retention;
use crate::authority::passwords::PasswordLimits;
use crate::authority::realm::MAIN;
use crate::authority::throttle::{Limit, ThrottleLimits};
use crate::time;

/// The whole configuration.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Config {
    /// Where to listen.
    pub listen: SocketAddr,
    /// Where `/v1` (but checks) and `/metrics` are served instead, if they are to be kept apart.
    pub admin_listen: Option<SocketAddr>,
    /// The certificate, with those of its issuers after it: PEM. With it, both addresses speak TLS.
    pub tls_cert: Option<PathBuf>,
    /// The private key of the certificate: PEM.
    pub tls_key: Option<PathBuf>,
    /// Seconds for which browsers that came by TLS come by TLS only (RFC 6797); 0: they forget it.
    pub hsts_secs: u64,
    /// Where everything is kept: `sqlite:PATH` or `memory:`.
    pub store: String,
    /// Peers whose `Forwarded` and `X-Forwarded-For` are believed: addresses or networks.
    #[serde(deserialize_with = "proxies::read")]
    pub trusted_proxies: Vec<ipnet::IpNet>,
    /// Whether checks and logouts are answered without the HTTP library where they are simple enough: the same, faster.
    pub hot_front: bool,
    /// Bounds on connections and requests.
    pub limits: Limits,
    /// Password hashing.
    pub passwords: Passwords,
    /// Tries before somebody has to wait.
    pub throttle: Throttle,
    /// For how long what is over is kept.
    pub retention: Keep,
    /// What is logged.
    pub log: Log,
    /// Settings of each dialect, by its name.
    pub dialects: BTreeMap<String, Dialect>,
}

/// Bounds on connections and requests.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Limits {
    /// Connections served at once; further ones wait for a place.
    pub connections: usize,
    /// Connections of one peer (IPv6: of one /64), unless it is in `trusted_proxies`.
    pub connections_per_peer: usize,
    /// Streams that are open at once for one key.
    pub streams_per_key: usize,
    /// The largest body, in bytes.
    pub body_bytes: usize,
    /// The largest form of an application's call that a gateway hands on, in bytes.
    pub form_bytes: usize,
    /// All headers of a request together, in bytes.
    pub header_bytes: usize,
    /// Seconds in which a request's headers must have arrived, and before them what TLS needs.
    pub header_secs: u64,
    /// Seconds in which a request's body must have arrived.
    pub body_secs: u64,
    /// Seconds in which a caller must take at least a byte of its answer.
    pub answer_secs: u64,
    /// Seconds that requests in flight are given to finish when the server stops.
    pub grace_secs: u64,
    /// Bytes of live sessions in memory from which on `/readyz` warns.
    pub memory_warn_bytes: u64,
}

/// Password hashing: a pool of threads of its own.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Passwords {
    /// Threads; 0: one less than there are cores, at least one.
    pub threads: usize,
    /// Logins that may wait for each thread; 0: 64.
    pub queue: usize,
}

/// How many failures are borne before somebody has to wait.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Throttle {
    /// Failures for one account from one address.
    pub pair_failures: u32,
    /// Failures for one account from anywhere.
    pub account_failures: u32,
    /// Failures from one address (IPv6: /64) for any account.
    pub address_failures: u32,
    /// Seconds in which failures are counted, and for which is then refused.
    pub window_secs: u32,
    /// Registrations from one address in an hour.
    pub registrations_per_hour: u32,
}

/// For how long what is over is kept.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Keep {
    /// Hours that a dead session stays known.
    pub dead_hours: u64,
    /// Days that the log of marks reaches back.
    pub log_days: u64,
}

/// What is logged.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Log {
    /// `text` or `json`.
    pub format: LogFormat,
    /// `failed`: successful checks and pings are only counted; `all`: they are logged too.
    pub checks: LogChecks,
}

/// The form of the log.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum LogFormat {
    /// For people.
    #[default]
    Text,
    /// One JSON object a line.
    Json,
}

/// Whether successful checks are logged.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum LogChecks {
    /// Only counted.
    #[default]
    Failed,
    /// Logged like everything else.
    All,
}

/// Settings of one dialect; what is not set is as the dialect's documents say.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Dialect {
    /// Whether it is spoken.
    pub enabled: bool,
    /// What stands before its paths: empty, or `/` and a path without a `/` at its end.
    pub mount: String,
    /// The realm whose users it serves. The native dialect is told by a header instead.
    pub realm: String,
    /// Seconds that sessions of its built-in client live unseen; 0: no such limit.
    #[serde(deserialize_with = "time::optional_duration")]
    pub idle_secs: Option<u32>,
    /// Seconds that sessions of its built-in client live at most; 0: no such limit.
    #[serde(deserialize_with = "time::optional_duration")]
    pub absolute_secs: Option<u32>,
    /// From when on it is deprecated, in seconds since 1970 (RFC 9745).
    #[serde(deserialize_with = "time::optional_secs_since_1970")]
    pub deprecated_at_secs: Option<u64>,
    /// From when on logins and calls are answered 410, in seconds since 1970 (RFC 8594). Logout goes on working.
    #[serde(deserialize_with = "time::optional_secs_since_1970")]
    pub sunset_at_secs: Option<u64>,
    /// A page that tells what to use instead.
    pub successor: Option<String>,
}

/// Where the embedded store is kept unless told otherwise.
pub const STORE: &str = "sqlite:exeunt-data/exeunt.db";

impl Default for Config {
    fn default() -> Self {
        Self {
            listen: SocketAddr::from(([127, 0, 0, 1], 8080)),
            admin_listen: None,
            tls_cert: None,
            tls_key: None,
            hsts_secs: 365 * 86_400,
            store: STORE.to_owned(),
            trusted_proxies: Vec::new(),
            hot_front: true,
            limits: Limits::default(),
            passwords: Passwords::default(),
            throttle: Throttle::default(),
            retention: Keep::default(),
            log: Log::default(),
            dialects: BTreeMap::new(),
        }
    }
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            connections: 10_000,
            connections_per_peer: 1_024,
            streams_per_key: 100,
            body_bytes: 64 * 1024,
            form_bytes: 1024 * 1024,
            header_bytes: 16 * 1024,
            header_secs: 10,
            body_secs: 10,
            answer_secs: 30,
            grace_secs: 10,
            memory_warn_bytes: 4 << 30,
        }
    }
}

impl Default for Throttle {
    fn default() -> Self {
        Self {
            pair_failures: 10,
            account_failures: 100,
            address_failures: 100,
            window_secs: 15 * 60,
            registrations_per_hour: 20,
        }
    }
}

impl Default for Keep {
    fn default() -> Self {
        Self { dead_hours: 24, log_days: 90 }
    }
}

impl Default for Dialect {
    fn default() -> Self {
        Self {
            enabled: true,
            mount: String::new(),
            realm: MAIN.to_owned(),
            idle_secs: None,
            absolute_secs: None,
            deprecated_at_secs: None,
            sunset_at_secs: None,
            successor: None,
        }
    }
}

impl Config {
    /// The settings of a dialect.
    pub fn dialect(&self, name: &str) -> Dialect {
        self.dialects.get(name).cloned().unwrap_or_default()
    }
}

impl Passwords {
    /// The pool that this asks for.
    pub fn limits(&self) -> PasswordLimits {
        let usual = PasswordLimits::default();
        let or = |set: usize, usual: usize| if set == 0 { usual } else { set };
        PasswordLimits { threads: or(self.threads, usual.threads), queue: or(self.queue, usual.queue) }
    }
}

impl Throttle {
    /// The limits that this asks for.
    pub fn limits(&self) -> ThrottleLimits {
        let failures = |count| Limit { count, window_secs: self.window_secs, lock_secs: self.window_secs };
        ThrottleLimits {
            pair: failures(self.pair_failures),
            account: failures(self.account_failures),
            address: failures(self.address_failures),
            registrations: Limit { count: self.registrations_per_hour, window_secs: 3600, lock_secs: 0 },
        }
    }
}

impl Keep {
    /// The same in seconds.
    pub fn retention(&self) -> Retention {
        Retention { dead_secs: self.dead_hours * 3600, log_secs: self.log_days * 86_400 }
    }
}

impl Dialect {
    /// When it became deprecated.
    pub fn deprecated_at(&self) -> Option<Moment> {
        self.deprecated_at_secs.map(Moment::from_secs)
    }

    /// When its logins and calls end.
    pub fn sunset_at(&self) -> Option<Moment> {
        self.sunset_at_secs.map(Moment::from_secs)
    }
}
