//! The server as a value: everything that an endpoint or a task needs hangs on it. There are no globals.

pub mod failures;
pub mod shares;

use std::ops::Deref;
use std::str::FromStr;
use std::sync::Arc;
use std::sync::atomic::AtomicBool;

use exeunt_core::{By, Door, KeyId, Moment, RealmId};
use tokio::sync::{Semaphore, watch};

use crate::app::failures::Failures;
use crate::app::shares::Shares;
use crate::authority::numbers::Numbers;
use crate::authority::open::Opening;
use crate::authority::realm::Builtin;
use crate::authority::{Authority, Call, Mint};
use crate::config::Config;
use crate::dialect::{self, Dialect};
use crate::env::Env;
use crate::error::{Error, Result};
use crate::metrics::Metrics;
use crate::store::{Store, StoreUrl};
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
    /// The dialects that are spoken, with their settings.
    pub spoken: Vec<Spoken>,
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
pub struct Spoken {
    /// The dialect.
    pub dialect: &'static Dialect,
    /// Its settings.
    pub settings: crate::config::Dialect,
    /// Its realm.
    pub realm: RealmId,
}

/// Streams that are open at once at most.
pub const FEEDS_MAX: usize = 1_000;
/// The door of the server itself.
pub const SERVER: Door = Door::new("server");

impl App {
    /// Opens the server on a store.
    ///
    /// # Errors
    /// What the store says; `NotFound` for a dialect or a realm in the configuration that is not there.
    pub async fn open(config: Config, env: Env, store: Arc<dyn Store>, accept_clock: bool) -> Result<Self> {
        check(&config)?;
        let tls = Tls::open(&config, env.now())?;
        let call =
            Call { now: env.now(), from: None, via: SERVER, by: By::System, mint: Mint::new(env.entropy()) };
        let opening = Opening {
            builtins: dialect::ALL.iter().filter_map(|dialect| builtin(dialect, &config)).collect(),
            passwords: config.passwords.limits(),
            throttle: config.throttle.limits(),
            retention: config.retention.retention(),
            env: env.clone(),
            accept_clock,
        };
        let authority = Authority::open(store, opening, &call).await?;
        let spoken = dialect::ALL
            .iter()
            .filter_map(|dialect| spoken(dialect, &config, &authority))
            .collect::<Result<_>>()?;
        let numbers = Numbers::open(&authority).await?;
        let feeds = Arc::new(Semaphore::new(FEEDS_MAX));
        let (dates, metrics, stop) = (Dates::default(), Metrics::default(), watch::channel(false).0);
        let (stranger_told, copy_told) = (AtomicBool::new(false), AtomicBool::new(false));
        let parts = Parts {
            authority,
            config,
            env,
            dates,
            metrics,
            tls,
            spoken,
            numbers,
            feeds,
            streams_of_keys: Arc::default(),
            stranger_told,
            failures: Failures::default(),
            copy_told,
            stop,
        };
        Ok(Self(Arc::new(parts)))
    }

    /// The settings and realm of a dialect that is spoken.
    pub fn spoken(&self, door: Door) -> Option<&Spoken> {
        self.0.spoken.iter().find(|spoken| spoken.dialect.door == door)
    }
}

impl Spoken {
    /// Whether its documents, or the operator, call it deprecated.
    pub fn deprecated(&self) -> bool {
        self.dialect.deprecated || self.settings.deprecated_at().or(self.settings.sunset_at()).is_some()
    }

    /// Whether its logins and calls have ended.
    pub fn over(&self, now: Moment) -> bool {
        self.settings.sunset_at().is_some_and(|sunset| sunset <= now)
    }
}

impl Deref for App {
    type Target = Parts;

    fn deref(&self) -> &Parts {
        &self.0
    }
}

/// Whether a server can be opened with this configuration, as far as that can be told without its store.
///
/// # Errors
/// `Malformed`, naming the setting and what it must be.
pub fn check(config: &Config) -> Result<()> {
    config.must_make_sense()?;
    StoreUrl::from_str(&config.store)?;
    config.dialects.iter().try_for_each(|(name, settings)| {
        let refused = |text| Err(Error::malformed("config", format!("dialects.{name}: {text}")));
        let lifetimes = settings.idle_secs.or(settings.absolute_secs);
        match by_name(name) {
            None => refused("there is no such dialect"),
            Some(dialect) if dialect.builtin.is_none() && lifetimes.is_some() => {
                refused("idle_secs and absolute_secs are set on the project, not on the dialect")
            }
            Some(_) => Ok(()),
        }
    })
}

fn by_name(name: &str) -> Option<&'static Dialect> {
    dialect::ALL.iter().find(|dialect| dialect.door.name() == name).copied()
}

fn builtin(dialect: &Dialect, config: &Config) -> Option<Builtin> {
    let documented = dialect.builtin.clone()?;
    let settings = config.dialect(dialect.door.name());
    Some(Builtin {
        idle_secs: settings.idle_secs.unwrap_or(documented.idle_secs),
        absolute_secs: settings.absolute_secs.unwrap_or(documented.absolute_secs),
        ..documented
    })
}

fn spoken(dialect: &'static Dialect, config: &Config, authority: &Authority) -> Option<Result<Spoken>> {
    let settings = config.dialect(dialect.door.name());
    settings.enabled.then(|| {
        let realm = authority.realm(&settings.realm)?.id;
        Ok(Spoken { dialect, settings, realm })
    })
}
