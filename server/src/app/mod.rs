//! The running server as a value: everything that an endpoint or a task needs. There are no globals, and no code here
//! depends on a dialect.

pub mod failures;
pub mod shares;
pub mod tail;

pub use crate::authority::SERVER;

use std::ops::Deref;
use std::sync::Arc;
use std::sync::atomic::AtomicBool;

use exeunt_core::{DialectName, KeyId, Moment, RealmId};
use tokio::sync::{Semaphore, watch};

use crate::app::failures::Failures;
use crate::app::shares::Shares;
use crate::app::tail::Tail;
use crate::authority::Authority;
use crate::authority::client::settings::ClientSettings;
use crate::authority::numbers::Numbers;
use crate::config::Config;
use crate::env::Env;
use crate::metrics::{self, Metrics};
use crate::time::date::Dates;
use crate::tls::Tls;

/// The server. Cheap to clone.
#[derive(Clone)]
pub struct App(Arc<AppParts>);

/// The parts of the server.
pub struct AppParts {
    /// The operations on sessions, users, clients and keys.
    pub authority: Authority,
    /// The configuration.
    pub config: Config,
    /// The clock and the randomness.
    pub env: Env,
    /// The `Date` header of responses.
    pub dates: Dates,
    /// The counters.
    pub metrics: Metrics,
    /// TLS, if the server uses it.
    pub tls: Option<Tls>,
    /// The enabled dialects, in the order in which the router asks them.
    pub dialects: Vec<Arc<EnabledDialect>>,
    /// The names of all dialects, enabled or not.
    pub dialect_names: Vec<DialectName>,
    /// What the clients of each dialect have of their own, whether it is enabled or not. No client can be made for any
    /// other dialect.
    pub client_settings: Vec<(DialectName, &'static ClientSettings)>,
    /// Issues numbers that never repeat.
    pub numbers: Numbers,
    /// Limits open streams: of marks, of the audit trail, of copies of the store.
    pub feeds: Arc<Semaphore>,
    /// The newest marks, for the readers of the feed.
    pub feed_tail: Arc<Tail>,
    /// How many streams each key has open.
    pub streams_of_keys: Arc<Shares<KeyId>>,
    /// `true` once the log has warned of an untrusted peer that sends headers about client addresses.
    pub untrusted_headers_logged: AtomicBool,
    /// Failed steps of tasks.
    pub failures: Failures,
    /// `true` once the log has warned of a gateway that copies credentials out of forms.
    pub copied_credentials_logged: AtomicBool,
    /// Becomes `true` when the server stops: streams and tasks end then.
    pub stop: watch::Sender<bool>,
}

/// An enabled dialect.
pub struct EnabledDialect {
    /// Its name.
    pub name: DialectName,
    /// Its settings.
    pub settings: crate::config::DialectConfig,
    /// Its realm.
    pub realm: RealmId,
    /// It is a legacy interface, deprecated or not: the clients that still use it are counted (DEP-08).
    pub legacy: bool,
    /// Its documentation calls it deprecated.
    pub documented_as_deprecated: bool,
}

/// The most streams that are open at once.
pub const FEEDS_MAX: usize = 1_000;

impl App {
    /// Makes a server of these parts.
    pub fn new(parts: AppParts) -> Self {
        Self(Arc::new(parts))
    }

    /// The page for Prometheus.
    pub fn metrics_page(&self) -> String {
        metrics::page(&metrics::Sources {
            metrics: &self.metrics,
            authority: &self.authority,
            env: &self.env,
            tls: self.tls.as_ref(),
            feeds_open: FEEDS_MAX - self.feeds.available_permits(),
        })
    }
}

impl AppParts {
    /// What the clients of this dialect have of their own. `None` if no client can be made for it.
    pub fn client_settings(&self, dialect: DialectName) -> Option<&'static ClientSettings> {
        self.client_settings.iter().find(|(name, _)| *name == dialect).map(|(_, settings)| *settings)
    }
}

impl EnabledDialect {
    /// Whether its documentation or the operator calls it deprecated.
    pub fn is_deprecated(&self) -> bool {
        self.documented_as_deprecated || self.settings.deprecated_at().or(self.settings.sunset_at()).is_some()
    }

    /// Whether its sunset has passed.
    pub fn is_over(&self, now: Moment) -> bool {
        self.settings.sunset_at().is_some_and(|sunset| sunset <= now)
    }
}

impl Deref for App {
    type Target = AppParts;

    fn deref(&self) -> &AppParts {
        &self.0
    }
}
