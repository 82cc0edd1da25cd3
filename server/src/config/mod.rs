//! The settings and their defaults. They are read from TOML; `EXEUNT_…` variables override it.

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
    /// The address to listen on.
    pub listen: SocketAddr,
    /// A separate address for `/v1` (except checks) and `/metrics`.
    pub admin_listen: Option<SocketAddr>,
    /// The certificate chain in PEM, the server's own first. With it, both addresses use TLS.
    pub tls_cert: Option<PathBuf>,
    /// The private key of the certificate, in PEM.
    pub tls_key: Option<PathBuf>,
    /// Seconds for which browsers that used TLS must use TLS only (RFC 6797); 0 cancels that.
    pub hsts_secs: u64,
    /// Where to store the data: `sqlite:PATH` or `memory:`.
    pub store: String,
    /// Peers whose `Forwarded` and `X-Forwarded-For` are trusted: addresses or networks.
    #[serde(deserialize_with = "proxies::read")]
    pub trusted_proxies: Vec<ipnet::IpNet>,
    /// Whether simple checks and logouts use the fast path: the same responses without the HTTP library.
    pub hot_front: bool,
    /// Limits on connections and requests.
    pub limits: Limits,
    /// Password hashing.
    pub passwords: Passwords,
    /// Limits on failed logins and on registrations.
    pub throttle: ThrottleConfig,
    /// How long dead sessions and the log of marks are kept.
    pub retention: Keep,
    /// The log.
    pub log: Log,
    /// Settings of each dialect, by its name.
    pub dialects: BTreeMap<String, DialectConfig>,
}

/// Limits on connections and requests.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Limits {
    /// Connections served at once; further ones wait for a place.
    pub connections: usize,
    /// Connections of one peer (IPv6: of one /64), unless it is in `trusted_proxies`.
    pub connections_per_peer: usize,
    /// The most streams that one key may have open.
    pub streams_per_key: usize,
    /// The largest body, in bytes.
    pub body_bytes: usize,
    /// The largest form of an application's call that a gateway forwards, in bytes.
    pub form_bytes: usize,
    /// All headers of a request together, in bytes.
    pub header_bytes: usize,
    /// Seconds for a request's headers to arrive; also the limit for the TLS handshake.
    pub header_secs: u64,
    /// Seconds for a request's body to arrive.
    pub body_secs: u64,
    /// Seconds for which a client may read nothing of its response before the connection is closed.
    pub answer_secs: u64,
    /// Seconds for requests in flight to finish when the server stops.
    pub grace_secs: u64,
    /// `/readyz` warns when live sessions take more bytes of memory than this.
    pub memory_warn_bytes: u64,
}

/// Password hashing, which has its own pool of threads.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Passwords {
    /// Threads; 0 means one fewer than there are cores, but at least one.
    pub threads: usize,
    /// Logins that may wait for each thread; 0 means 64.
    pub queue: usize,
}

/// How many failures are allowed before a caller must wait.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct ThrottleConfig {
    /// Failures for one account from one address.
    pub pair_failures: u32,
    /// Failures for one account from anywhere.
    pub account_failures: u32,
    /// Failures from one address (IPv6: /64) for any account.
    pub address_failures: u32,
    /// Seconds over which failures are counted, and for which further logins are then refused.
    pub window_secs: u32,
    /// Registrations from one address in an hour.
    pub registrations_per_hour: u32,
}

/// How long dead sessions and the log of marks are kept.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Keep {
    /// Hours for which a dead session is kept.
    pub dead_hours: u64,
    /// Days for which the log of marks is kept.
    pub log_days: u64,
}

/// The log.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Log {
    /// `text` or `json`.
    pub format: LogFormat,
    /// `failed`: successful checks and pings are only counted; `all`: they are also logged.
    pub checks: LogChecks,
}

/// The format of the log.
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

/// Settings of one dialect; a setting that is missing has the value from the dialect's documentation.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct DialectConfig {
    /// Whether the dialect is enabled.
    pub enabled: bool,
    /// The prefix of its paths: empty, or a path that begins with `/` and does not end with one.
    pub mount: String,
    /// The realm whose users it serves. The native dialect takes it from a header instead.
    pub realm: String,
    /// Seconds after which an unused session of its built-in client expires; 0 for no limit.
    #[serde(deserialize_with = "time::optional_duration")]
    pub idle_secs: Option<u32>,
    /// Seconds after which a session of its built-in client expires in any case; 0 for no limit.
    #[serde(deserialize_with = "time::optional_duration")]
    pub absolute_secs: Option<u32>,
    /// When it becomes deprecated, in seconds since 1970 (RFC 9745).
    #[serde(deserialize_with = "time::optional_secs_since_1970")]
    pub deprecated_at_secs: Option<u64>,
    /// When logins and calls begin to be answered 410, in seconds since 1970 (RFC 8594). Logout keeps working.
    #[serde(deserialize_with = "time::optional_secs_since_1970")]
    pub sunset_at_secs: Option<u64>,
    /// A page that says what to use instead.
    pub successor: Option<String>,
}

/// The default store.
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
            throttle: ThrottleConfig::default(),
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

impl Default for ThrottleConfig {
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

impl Default for DialectConfig {
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
    pub fn dialect(&self, name: &str) -> DialectConfig {
        self.dialects.get(name).cloned().unwrap_or_default()
    }
}

impl Passwords {
    /// The limits of the pool, with defaults in place of 0.
    pub fn limits(&self) -> PasswordLimits {
        let usual = PasswordLimits::default();
        let or = |set: usize, usual: usize| if set == 0 { usual } else { set };
        PasswordLimits { threads: or(self.threads, usual.threads), queue: or(self.queue, usual.queue) }
    }
}

impl ThrottleConfig {
    /// The limits, for the throttle.
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
    /// The retention in seconds.
    pub fn retention(&self) -> Retention {
        Retention { dead_secs: self.dead_hours * 3600, log_secs: self.log_days * 86_400 }
    }
}

impl DialectConfig {
    /// When it became deprecated.
    pub fn deprecated_at(&self) -> Option<Moment> {
        self.deprecated_at_secs.map(Moment::from_secs)
    }

    /// When its logins and calls end.
    pub fn sunset_at(&self) -> Option<Moment> {
        self.sunset_at_secs.map(Moment::from_secs)
    }
}
