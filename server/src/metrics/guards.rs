//! Figures of TLS, password checks and throttles.

use prometheus_client::metrics::counter::ConstCounter;
use prometheus_client::metrics::gauge::ConstGauge;
use prometheus_client::registry::Registry;

use super::Sources;
use super::labelled::Labelled;

pub(super) fn register(from: &Sources<'_>, registry: &mut Registry) {
    passwords(from, registry);
    throttles(from, registry);
    tls(from, registry);
}

fn passwords(from: &Sources<'_>, registry: &mut Registry) {
    let figures = from.authority.password_figures();
    registry.register(
        "password_seconds",
        "Time from a request for a password check until its result",
        figures.secs.clone(),
    );
    registry.register("passwords_busy", "Logins refused because too many were waiting", figures.busy.clone());
}

fn throttles(from: &Sources<'_>, registry: &mut Registry) {
    let refusals = from.authority.throttle_refusals();
    let counts = [
        ("account", refusals.account),
        ("address", refusals.address),
        ("registration", refusals.registration),
    ];
    let throttled = Labelled::by("what", counts);
    registry.register("throttled", "Attempts refused by a throttle", throttled);
}

fn tls(from: &Sources<'_>, registry: &mut Registry) {
    let Some(tls) = from.tls else { return };
    let until = ConstGauge::new(i64::try_from(tls.until().secs()).unwrap_or(i64::MAX));
    registry.register(
        "tls_valid_until_seconds",
        "End of the certificate's validity, in seconds since 1970",
        until,
    );
    registry.register(
        "tls_handshakes_failed",
        "Failed TLS handshakes",
        ConstCounter::new(tls.handshakes_failed()),
    );
    registry.register(
        "tls_renewals_failed",
        "New certificates that were rejected",
        ConstCounter::new(tls.renewals_failed()),
    );
}
