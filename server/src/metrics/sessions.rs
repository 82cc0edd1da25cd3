//! Counts and times of checks, logouts and logins.

use prometheus_client::registry::Registry;

use super::Sources;
use super::labelled::Labelled;

pub(super) fn register(from: &Sources<'_>, registry: &mut Registry) {
    let counters = from.authority.counters();
    registry.register(
        "checks",
        "Credentials checked, by result; not_active: ended, deleted, or never issued",
        Labelled::by("verdict", counters.checks()),
    );
    registry.register(
        "check_causes",
        "Credentials that were not active, whose reason was read from the store",
        Labelled::by("verdict", counters.causes()),
    );
    let marks = counters.marks().into_iter().map(|((dialect, why), count)| {
        (vec![("dialect", dialect.name().to_owned()), ("why", why.to_owned())], count)
    });
    registry.register("marks_raised", "Marks raised, by dialect and reason", Labelled::by_all(marks));
    for (name, help, histogram) in [
        (
            "logout_durable_seconds",
            "Time from a logout call until its mark is on disk",
            &counters.logout_durable_secs,
        ),
        (
            "logout_confirmed_seconds",
            "Time from a logout call until it can be acknowledged",
            &counters.logout_confirmed_secs,
        ),
        (
            "login_durable_seconds",
            "Time from a verified password until the session is on disk",
            &counters.login_durable_secs,
        ),
    ] {
        registry.register(name, help, histogram.clone());
    }
}
