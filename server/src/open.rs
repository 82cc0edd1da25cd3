//! Opens a server: makes an [`App`] of its configuration, its store and the dialects.

use std::str::FromStr;
use std::sync::Arc;
use std::sync::atomic::AtomicBool;

use tokio::sync::{Semaphore, watch};

use crate::app::failures::Failures;
use crate::app::{App, AppParts, EnabledDialect, FEEDS_MAX};
use crate::authority::numbers::Numbers;
use crate::authority::open::Opening;
use crate::authority::realm::Builtin;
use crate::authority::{Authority, Call};
use crate::config::Config;
use crate::dialect::Dialect;
use crate::dialect::all::{ALL, named};
use crate::env::Env;
use crate::error::{Error, Result};
use crate::metrics::Metrics;
use crate::store::{Store, StoreUrl};
use crate::time::date::Dates;
use crate::tls::Tls;

impl App {
    /// Opens the server on a store.
    ///
    /// # Errors
    /// The store's; `NotFound` for a realm in the configuration that does not exist; as [`check`]; the certificate's.
    pub async fn open(config: Config, env: Env, store: Arc<dyn Store>, accept_clock: bool) -> Result<Self> {
        check(&config)?;
        let tls = Tls::open(&config, env.now())?;
        let call = Call::of_server(&env);
        let opening = Opening {
            builtins: ALL.iter().filter_map(|dialect| builtin(dialect, &config)).collect(),
            passwords: config.passwords.limits(),
            throttle: config.throttle.limits(),
            retention: config.retention.retention(),
            env: env.clone(),
            accept_clock,
        };
        let authority = Authority::open(store, opening, &call).await?;
        let dialects =
            ALL.iter().filter_map(|dialect| enabled(dialect, &config, &authority)).collect::<Result<_>>()?;
        let numbers = Numbers::open(&authority).await?;
        let feeds = Arc::new(Semaphore::new(FEEDS_MAX));
        let (dates, metrics, stop) = (Dates::default(), Metrics::default(), watch::channel(false).0);
        let (untrusted_headers_logged, copied_credentials_logged) =
            (AtomicBool::new(false), AtomicBool::new(false));
        let parts = AppParts {
            authority,
            config,
            env,
            dates,
            metrics,
            tls,
            dialects,
            client_settings: ALL.iter().filter_map(|it| Some((it.name, it.clients?))).collect(),
            dialect_names: ALL.iter().map(|dialect| dialect.name).collect(),
            numbers,
            feeds,
            feed_tail: Arc::default(),
            streams_of_keys: Arc::default(),
            untrusted_headers_logged,
            failures: Failures::default(),
            copied_credentials_logged,
            stop,
        };
        Ok(Self::new(parts))
    }
}

/// Checks whether a server can be opened with this configuration, without looking at its store.
///
/// # Errors
/// `Malformed`, naming the setting and what it must be.
pub fn check(config: &Config) -> Result<()> {
    config.validate()?;
    StoreUrl::from_str(&config.store)?;
    config.dialects.iter().try_for_each(|(name, settings)| {
        let refused = |text| Err(Error::malformed("config", format!("dialects.{name}: {text}")));
        let lifetimes = settings.idle_secs.or(settings.absolute_secs);
        match named(name) {
            None => refused("there is no such dialect"),
            Some(dialect) if dialect.builtin.is_none() && lifetimes.is_some() => {
                refused("idle_secs and absolute_secs belong to each project, not to the dialect; remove them")
            }
            Some(_) => Ok(()),
        }
    })
}

fn builtin(dialect: &Dialect, config: &Config) -> Option<Builtin> {
    let documented = dialect.builtin.clone()?;
    let settings = config.dialect(dialect.name.name());
    Some(Builtin {
        idle_secs: settings.idle_secs.unwrap_or(documented.idle_secs),
        absolute_secs: settings.absolute_secs.unwrap_or(documented.absolute_secs),
        ..documented
    })
}

fn enabled(
    dialect: &'static Dialect,
    config: &Config,
    authority: &Authority,
) -> Option<Result<Arc<EnabledDialect>>> {
    let settings = config.dialect(dialect.name.name());
    settings.enabled.then(|| {
        let realm = authority.realm(&settings.realm)?.id;
        Ok(Arc::new(EnabledDialect {
            name: dialect.name,
            settings,
            realm,
            legacy: dialect.legacy,
            documented_as_deprecated: dialect.deprecated,
        }))
    })
}
