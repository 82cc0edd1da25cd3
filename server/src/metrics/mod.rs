//! The metrics, and their page in the Prometheus text format.

mod clock;
mod connections;
mod guards;
mod labelled;
mod legacy;
mod sessions;
mod store;

use std::hash::{Hash, Hasher};

use exeunt_core::ClientId;
use http::StatusCode;
use prometheus_client::encoding::text::encode;
use prometheus_client::encoding::{EncodeLabelSet, EncodeLabelValue, LabelValueEncoder};
use prometheus_client::metrics::counter::Counter;
use prometheus_client::metrics::family::Family;
use prometheus_client::metrics::gauge::ConstGauge;
use prometheus_client::metrics::info::Info;
use prometheus_client::registry::Registry;

use crate::authority::Authority;
use crate::env::Env;
use crate::log::{HUNG_UP, Quotas};
use crate::tls::Tls;
pub use connections::Connections;
use labelled::Labelled;

/// The counters.
#[derive(Default)]
pub struct Metrics {
    requests: Family<RequestLabels, Counter>,
    deprecated: Family<Deprecated, Counter>,
    /// Requests that the fast path answered. For tests only: it is not on the page.
    pub fast: Counter,
    /// Limit how many log lines of each kind are written.
    pub quotas: Quotas,
    /// Connections that were closed for lack of a place.
    pub connections: Connections,
}

#[derive(Clone, Debug, PartialEq, Eq, EncodeLabelSet)]
struct RequestLabels {
    dialect: Word,
    call: Word,
    status: u16,
}

/// Looked up for every request, so it does not hash all letters: the lengths distinguish nearly all calls.
impl Hash for RequestLabels {
    fn hash<H: Hasher>(&self, state: &mut H) {
        let first = self.call.0.bytes().next().unwrap_or_default();
        let [status, more] = self.status.to_le_bytes();
        let length = |word: &Word| word.0.len().to_le_bytes()[0];
        state.write_u64(u64::from_le_bytes([
            status,
            more,
            length(&self.dialect),
            length(&self.call),
            first,
            0,
            0,
            0,
        ]));
    }
}

#[derive(Clone, Debug, Hash, PartialEq, Eq, EncodeLabelSet)]
struct Deprecated {
    dialect: Word,
    call: Word,
    /// An id, so there are at most as many as clients; or `unknown`.
    client: String,
}

/// A label with few values: never text from outside, whose values would be unbounded.
#[derive(Clone, Debug, Hash, PartialEq, Eq)]
struct Word(&'static str);

impl EncodeLabelValue for Word {
    fn encode(&self, encoder: &mut LabelValueEncoder<'_>) -> std::fmt::Result {
        self.0.encode(encoder)
    }
}

impl Metrics {
    /// Counts a request that was answered.
    pub fn request(&self, dialect: &'static str, call: &'static str, status: StatusCode) {
        self.count(dialect, call, status.as_u16());
    }

    /// Counts a request whose client hung up before it was answered.
    pub fn hung_up(&self, dialect: &'static str, call: &'static str) {
        self.count(dialect, call, HUNG_UP);
    }

    fn count(&self, dialect: &'static str, call: &'static str, status: u16) {
        let labels = RequestLabels { dialect: Word(dialect), call: Word(call), status };
        self.requests.get_or_create(&labels).inc();
    }

    /// Counts a call of a deprecated dialect, by call and client (DEP-08).
    pub fn deprecated(&self, dialect: &'static str, call: &'static str, client: Option<ClientId>) {
        let client = client.map_or_else(|| "unknown".to_owned(), |id| id.to_string());
        let labels = Deprecated { dialect: Word(dialect), call: Word(call), client };
        self.deprecated.get_or_create(&labels).inc();
    }
}

/// The sources of the page.
pub struct Sources<'a> {
    /// The counters.
    pub metrics: &'a Metrics,
    /// The counters of sessions and the figures of its caches.
    pub authority: &'a Authority,
    /// The clock.
    pub env: &'a Env,
    /// The certificate, if the server uses TLS.
    pub tls: Option<&'a Tls>,
    /// The number of open streams.
    pub feeds_open: usize,
}

/// The page for Prometheus.
pub fn page(from: &Sources<'_>) -> String {
    let mut registry = Registry::with_prefix("exeunt");
    registry.register("build", "The program", Info::new([("version", env!("CARGO_PKG_VERSION"))]));
    registry.register("requests", "Requests answered", from.metrics.requests.clone());
    registry.register(
        "deprecated_requests",
        "Requests in deprecated dialects",
        from.metrics.deprecated.clone(),
    );
    let unlogged = Labelled::by("kind", from.metrics.quotas.unlogged());
    registry.register(
        "refusals_unlogged",
        "Requests that were not logged, because they exceeded a quota of the log",
        unlogged,
    );
    for (name, help, value) in gauges(from) {
        registry.register(name, help, ConstGauge::new(i64::try_from(value).unwrap_or(i64::MAX)));
    }
    sessions::register(from, &mut registry);
    store::register(from, &mut registry);
    guards::register(from, &mut registry);
    clock::register(from, &mut registry);
    registry.register(
        "connections_refused",
        "Connections that were closed because a limit of connections was reached",
        from.metrics.connections.counts(),
    );
    legacy::register(from, &mut registry);
    let mut page = String::new();
    match encode(&mut page, &registry) {
        Ok(()) => page,
        // Writing to a string does not fail.
        Err(std::fmt::Error) => String::new(),
    }
}

fn gauges(from: &Sources<'_>) -> [(&'static str, &'static str, usize); 7] {
    let authority = from.authority;
    let position = usize::try_from(authority.watch().borrow().number()).unwrap_or(usize::MAX);
    [
        ("ready", "1: checks are answered from memory", usize::from(authority.ready().is_ok())),
        ("sessions_in_memory", "Sessions in memory", authority.sessions_in_memory()),
        ("position", "Stamp of the last mark applied here", position),
        ("feeds_open", "Streams that are open", from.feeds_open),
        ("touches_waiting", "Touches waiting to be written", authority.touches_waiting()),
        ("passwords_waiting", "Logins waiting for a password check", authority.passwords_waiting()),
        (
            "throttle_entries",
            "Accounts and addresses whose failures are remembered",
            authority.throttle_entries(),
        ),
    ]
}
