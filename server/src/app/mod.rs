//! The running server as a value: everything that an endpoint or a task needs. There are no globals, and nothing here
//! knows what a dialect does.

pub mod failures;
pub mod shares;

use std::ops::Deref;
use std::sync::Arc;
use std::sync::atomic::AtomicBool;

use exeunt_core::{DialectName, KeyId, Moment, RealmId};
use tokio::sync::{Semaphore, watch};

use crate::app::failures::Failures;
use crate::app::shares::Shares;
use crate::authority::Authority;
use crate::authority::numbers::Numbers;
use crate::config::Config;
use crate::env::Env;
use crate::metrics::{self, Metrics};
use crate::time::date::Dates;
use crate::tls::Tls;

/// The server. Cheap to clone.
#[derive(Clone)]
pub struct App(Arc<Parts>);

/// What the server consists of.
pub struct Parts {
    /// The verbs.
    pub authority: Authority,
    /// What the operator set.
    pub config: Config,
    /// The clock and the randomness.
    pub env: Env,
    /// The date of answers.
    pub dates: Dates,
    /// What is counted.
    pub metrics: Metrics,
    /// How TLS is spoken, if it is.
    pub tls: Option<Tls>,
    /// The dialects that are enabled, in the order in which they are asked for a path.
    pub dialects: Vec<EnabledDialect>,
    /// The names of all dialects, enabled or not.
    pub dialect_names: Vec<DialectName>,
    /// Numbers that never repeat.
    pub numbers: Numbers,
    /// Room for streams: of marks, of the audit trail, of copies of the store.
    pub feeds: Arc<Semaphore>,
    /// How many of them each key has open.
    pub streams_of_keys: Arc<Shares<KeyId>>,
    /// The log was told of a peer that claims addresses and is not believed.
    pub stranger_told: AtomicBool,
    /// Steps of tasks that failed.
    pub failures: Failures,
    /// The log was told of a gateway that copies credentials out of forms.
    pub copy_told: AtomicBool,
    /// Becomes `true` when the server stops: streams and tasks end then.
    pub stop: watch::Sender<bool>,
}

/// A dialect that is switched on.
pub struct EnabledDialect {
    /// Its name.
    pub name: DialectName,
    /// Its settings.
    pub settings: crate::config::Dialect,
    /// Its realm.
    pub realm: RealmId,
    /// It is a legacy interface, whether called deprecated or not: who still speaks it is counted (DEP-08).
    pub legacy: bool,
    /// Its documents call it deprecated.
    pub documented_as_deprecated: bool,
}

/// Streams that are open at once at most.
pub const FEEDS_MAX: usize = 1_000;
/// The door of the server itself.
pub const SERVER: DialectName = DialectName::new("server");

impl App {
    /// A running server of these parts.
    pub fn new(parts: Parts) -> Self {
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

    /// A dialect by its name, if it is enabled.
    pub fn dialect(&self, name: DialectName) -> Option<&EnabledDialect> {
        self.0.dialects.iter().find(|enabled| enabled.name == name)
    }
}

impl EnabledDialect {
    /// Whether its documents, or the operator, call it deprecated.
    pub fn is_deprecated(&self) -> bool {
        self.documented_as_deprecated || self.settings.deprecated_at().or(self.settings.sunset_at()).is_some()
    }

    /// Whether its logins and calls have ended.
    pub fn is_over(&self, now: Moment) -> bool {
        self.settings.sunset_at().is_some_and(|sunset| sunset <= now)
    }
}

impl Deref for App {
    type Target = Parts;

    fn deref(&self) -> &Parts {
        &self.0
    }
}
