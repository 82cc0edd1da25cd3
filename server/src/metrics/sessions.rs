//! Counts and times of checks, logouts and logins.

use prometheus_client::registry::Registry;

use super::Sources;
use super::labelled::Labelled;

pub(super) fn register(from: &Sources<'_>, registry: &mut Registry) {
    let counters = from.authority.counters();
    registry.register(
        "checks",
        "Credentials checked, by what memory said; not_active: ended, forgotten, or never there",
        Labelled::by("verdict", counters.checks()),
    );
    registry.register(
        "check_causes",
        "Credentials that were not active and of which the store was asked why",
        Labelled::by("verdict", counters.causes()),
    );
    let marks = counters.marks().into_iter().map(|((dialect, why), count)| {
        (vec![("dialect", dialect.name().to_owned()), ("why", why.to_owned())], count)
    });
    registry.register(
        "marks_raised",
        "What ended sessions, by the dialect that it came in and by its cause",
        Labelled::by_all(marks),
    );
    for (name, help, histogram) in [
        (
            "logout_durable_seconds",
            "From a call that logs out until it is on disk",
            &counters.logout_durable_secs,
        ),
        (
            "logout_confirmed_seconds",
            "From a call that logs out until everybody knows who must before it is acknowledged",
            &counters.logout_confirmed_secs,
        ),
        (
            "login_durable_seconds",
            "From a login whose password was right until its session is on disk",
            &counters.login_durable_secs,
        ),
    ] {
        registry.register(name, help, histogram.clone());
    }
}
