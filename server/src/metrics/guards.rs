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
        "From asking for a password check until its answer",
        figures.secs.clone(),
    );
    registry.register("passwords_busy", "Logins refused because too many waited", figures.busy.clone());
}

fn throttles(from: &Sources<'_>, registry: &mut Registry) {
    let refusals = from.authority.throttle_refusals();
    let counts = [
        ("account", refusals.account),
        ("address", refusals.address),
        ("registration", refusals.registration),
    ];
    let throttled = Labelled::by("what", counts);
    registry.register("throttled", "Tries refused because there were too many before", throttled);
}

fn tls(from: &Sources<'_>, registry: &mut Registry) {
    let Some(tls) = from.tls else { return };
    let until = ConstGauge::new(i64::try_from(tls.until().secs()).unwrap_or(i64::MAX));
    registry.register(
        "tls_valid_until_seconds",
        "Until when the certificate is valid, in seconds since 1970",
        until,
    );
    registry.register(
        "tls_handshakes_failed",
        "Connections that did not come to speak TLS",
        ConstCounter::new(tls.handshakes_failed()),
    );
    registry.register(
        "tls_renewals_failed",
        "New certificates that were not taken over",
        ConstCounter::new(tls.renewals_failed()),
    );
}
