//! The difference between the wall clock and the server's clock.

use prometheus_client::metrics::counter::ConstCounter;
use prometheus_client::metrics::gauge::ConstGauge;
use prometheus_client::registry::Registry;

use super::Sources;

pub(super) fn register(from: &Sources<'_>, registry: &mut Registry) {
    // Reading the time compares both clocks.
    let _now = from.env.now();
    let difference = from.env.difference();
    let secs = difference.ahead_millis as f64 / 1_000.0;
    registry.register(
        "clock_difference_seconds",
        "How far the wall clock is ahead of the server's clock",
        ConstGauge::new(secs),
    );
    registry.register(
        "clock_steps",
        "Steps of the wall clock of more than a second, accepted or not",
        ConstCounter::new(difference.steps),
    );
}
