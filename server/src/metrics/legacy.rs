//! Which clients still use a legacy dialect (DEP-08), including dialects that are not deprecated yet.

use std::fmt;

use prometheus_client::encoding::{EncodeMetric, MetricEncoder};
use prometheus_client::metrics::MetricType;
use prometheus_client::metrics::gauge::ConstGauge;
use prometheus_client::registry::{Registry, Unit};

use super::Sources;

/// In a fixed order: the same counts give the same page. There are at most as many as clients times calls of a dialect.
#[derive(Debug)]
struct LastUsed(Vec<([(&'static str, String); 3], i64)>);

pub(super) fn register(from: &Sources<'_>, registry: &mut Registry) {
    let help = "When a client last made a call of a legacy dialect, in seconds since 1970";
    let usage = from.authority.usage(None).into_iter().map(|usage| {
        let client = usage.client.map_or_else(|| "unknown".to_owned(), |id| id.to_string());
        let labels = [("dialect", usage.dialect.name().to_owned()), ("call", usage.call), ("client", client)];
        (labels, i64::try_from(usage.last_at.secs()).unwrap_or(i64::MAX))
    });
    registry.register_with_unit("legacy_last_used", help, Unit::Seconds, LastUsed(usage.collect()));
}

impl EncodeMetric for LastUsed {
    fn encode(&self, mut encoder: MetricEncoder<'_>) -> fmt::Result {
        self.0.iter().try_for_each(|(labels, at)| ConstGauge::new(*at).encode(encoder.encode_family(labels)?))
    }

    fn metric_type(&self) -> MetricType {
        MetricType::Gauge
    }
}
