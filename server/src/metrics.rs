//! What is counted, and how it is shown: the Prometheus text format.

use http::StatusCode;
use prometheus_client::encoding::text::encode;
use prometheus_client::encoding::{EncodeLabelSet, EncodeLabelValue, LabelValueEncoder};
use prometheus_client::metrics::counter::Counter;
use prometheus_client::metrics::family::Family;
use prometheus_client::metrics::gauge::Gauge;
use prometheus_client::registry::Registry;

use crate::app::App;
use crate::log::Sampler;

/// Everything that is counted.
#[derive(Default)]
pub struct Metrics {
    requests: Family<Request, Counter>,
    /// Decides which refusals are logged.
    pub refusals: Sampler,
}

#[derive(Clone, Debug, Hash, PartialEq, Eq, EncodeLabelSet)]
struct Request {
    dialect: Word,
    call: Word,
    status: u16,
}

/// A label that is one of few: never text from outside, which would be without bound.
#[derive(Clone, Debug, Hash, PartialEq, Eq)]
struct Word(&'static str);

impl EncodeLabelValue for Word {
    fn encode(&self, encoder: &mut LabelValueEncoder<'_>) -> std::fmt::Result {
        self.0.encode(encoder)
    }
}

impl Metrics {
    /// A request was answered.
    pub fn request(&self, dialect: &'static str, call: &'static str, status: StatusCode) {
        let labels = Request { dialect: Word(dialect), call: Word(call), status: status.as_u16() };
        self.requests.get_or_create(&labels).inc();
    }
}

/// The page for Prometheus.
pub fn page(app: &App) -> String {
    let mut registry = Registry::with_prefix("exeunt");
    registry.register("requests", "Requests answered", app.metrics.requests.clone());
    let gauges = [
        ("sessions_in_memory", "Sessions in memory", app.authority.sessions_in_memory()),
        ("touches_waiting", "Touches waiting to be written", app.authority.touches_waiting()),
        ("passwords_waiting", "Logins waiting for a password check", app.authority.passwords_waiting()),
    ];
    for (name, help, value) in gauges {
        let gauge = Gauge::<i64>::default();
        gauge.set(i64::try_from(value).unwrap_or(i64::MAX));
        registry.register(name, help, gauge);
    }
    let mut page = String::new();
    match encode(&mut page, &registry) {
        Ok(()) => page,
        // Writing to a string does not fail.
        Err(std::fmt::Error) => String::new(),
    }
}
