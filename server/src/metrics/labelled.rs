//! Counts by label, in a fixed order: the same counts give the same page.

use std::fmt;

use prometheus_client::encoding::{EncodeMetric, MetricEncoder};
use prometheus_client::metrics::MetricType;
use prometheus_client::metrics::counter::ConstCounter;

/// Counts with their labels. The labels come from the program, never from outside.
#[derive(Debug)]
pub(super) struct Labelled(Vec<(Vec<(&'static str, String)>, u64)>);

impl Labelled {
    /// Counts with one label each.
    pub(super) fn by(label: &'static str, counts: impl IntoIterator<Item = (&'static str, u64)>) -> Self {
        Self(counts.into_iter().map(|(word, count)| (vec![(label, word.to_owned())], count)).collect())
    }

    /// Counts with several labels each.
    pub(super) fn by_all(counts: impl IntoIterator<Item = (Vec<(&'static str, String)>, u64)>) -> Self {
        Self(counts.into_iter().collect())
    }
}

impl EncodeMetric for Labelled {
    fn encode(&self, mut encoder: MetricEncoder<'_>) -> fmt::Result {
        self.0
            .iter()
            .try_for_each(|(labels, count)| ConstCounter::new(*count).encode(encoder.encode_family(labels)?))
    }

    fn metric_type(&self) -> MetricType {
        MetricType::Counter
    }
}
