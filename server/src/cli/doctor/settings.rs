//! Checks the settings that can be judged by themselves: whether traffic is encrypted, which proxies are trusted, and
//! how many files may be open.

use exeunt_core::Moment;
use rustix::process::{Resource, getrlimit};

use super::finding::Finding;
use crate::config::Config;
use crate::serve::slots::{RESERVED, WAITING_MAX};
use crate::time::date;
use crate::tls::{RENEWAL_SECS, Tls};

/// Files that the server needs in addition to its connections.
const FILES_BESIDE: u64 = 64;
/// Connections on each address that wait for a place or have one reserved for administrators.
const CONNECTIONS_BESIDE: u64 = (WAITING_MAX + RESERVED) as u64;

/// Checks the settings.
pub(super) fn check(config: &Config, now: Moment) -> Vec<Finding> {
    [Some(hearing(config, now)), believed(config), Some(files(config))].into_iter().flatten().collect()
}

/// Checks who can read passwords and tokens in transit.
fn hearing(config: &Config, now: Moment) -> Finding {
    const CHECK: &str = "tls";
    let listen = config.listen;
    match Tls::open(config, now) {
        Err(error) => return Finding::wrong(CHECK, error.public(), "the server does not start with it"),
        Ok(Some(tls)) => return certificate(tls.until(), now),
        Ok(None) => {}
    }
    if listen.ip().is_loopback() {
        return Finding::well(CHECK, format!("plain HTTP on {listen}, which only this machine can reach"));
    }
    if !config.trusted_proxies.is_empty() {
        return Finding::well(
            CHECK,
            format!("plain HTTP on {listen}, behind a proxy that is taken to use TLS"),
        );
    }
    Finding::warning(
        CHECK,
        format!("plain HTTP on {listen}: anyone on the network path can read passwords and tokens"),
        "set tls_cert and tls_key, or put a TLS proxy in front and name it in trusted_proxies",
    )
}

fn certificate(until: Moment, now: Moment) -> Finding {
    const CHECK: &str = "tls";
    let says = format!("the certificate matches its key and is valid until {}", date::text(until));
    if now.plus_secs(RENEWAL_SECS) < until {
        return Finding::well(CHECK, says);
    }
    Finding::warning(CHECK, says, "renew it; the server loads the new files while it runs")
}

/// Checks whose `Forwarded` and `X-Forwarded-For` are trusted.
fn believed(config: &Config) -> Option<Finding> {
    let everybody = config.trusted_proxies.iter().find(|network| network.prefix_len() == 0)?;
    Some(Finding::wrong(
        "proxies",
        format!(
            "trusted_proxies contains {everybody}: every client can claim any address and so evade throttling"
        ),
        "list only the addresses of your proxies",
    ))
}

fn files(config: &Config) -> Finding {
    const CHECK: &str = "files";
    let connections = u64::try_from(config.limits.connections).unwrap_or(u64::MAX);
    let listeners = if config.admin_listen.is_some() { 2 } else { 1 };
    let of_listener = connections.saturating_add(CONNECTIONS_BESIDE);
    let needed = of_listener.saturating_mul(listeners).saturating_add(FILES_BESIDE);
    let allowed = getrlimit(Resource::Nofile).current;
    let says = allowed.map_or_else(
        || "the number of open files is not limited".to_owned(),
        |allowed| {
            format!("at most {allowed} files can be open; limits.connections = {connections} needs {needed}")
        },
    );
    if allowed.is_none_or(|allowed| allowed >= needed) {
        return Finding::well(CHECK, says);
    }
    let advice = format!("ulimit -n {needed}, LimitNOFILE={needed} for systemd; or lower limits.connections");
    Finding::warning(CHECK, says, advice)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::cli::doctor::finding::Severity;

    #[test]
    fn who_hears_and_who_is_believed() {
        let hearing = |config: &Config| hearing(config, Moment::from_secs(1_767_323_045));
        let mut config = Config::default();
        assert!(hearing(&config).severity == Severity::Well && believed(&config).is_none());
        config.listen = ([0, 0, 0, 0], 80).into();
        assert!(hearing(&config).severity == Severity::Warning);
        config.trusted_proxies = vec!["10.0.0.1/32".parse().unwrap()];
        assert!(hearing(&config).severity == Severity::Well && believed(&config).is_none());
        config.trusted_proxies.push("::/0".parse().unwrap());
        assert!(believed(&config).is_some_and(|finding| finding.severity == Severity::Wrong));
    }

    #[test]
    fn a_certificate_is_spoken_of_before_it_ends() {
        let now = Moment::from_secs(1_767_323_045);
        assert!(certificate(now.plus_secs(RENEWAL_SECS + 1), now).severity == Severity::Well);
        assert!(certificate(now.plus_secs(RENEWAL_SECS), now).severity == Severity::Warning);
    }

    #[test]
    fn a_certificate_that_cannot_be_read_is_wrong() {
        let cert = Some("/nowhere/cert.pem".into());
        let config = Config { tls_cert: cert, tls_key: Some("/nowhere/key.pem".into()), ..Config::default() };
        let finding = hearing(&config, Moment::from_secs(1_767_323_045));
        assert!(
            finding.severity == Severity::Wrong && finding.says.contains("/nowhere/"),
            "{}",
            finding.says
        );
    }

    #[test]
    fn connections_need_files() {
        let mut config = Config::default();
        config.limits.connections = 1;
        assert!(files(&config).severity == Severity::Well);
        config.limits.connections = usize::MAX;
        assert!(
            files(&config).severity != Severity::Well
                || files(&config).says.starts_with("the number of open files")
        );
    }
}
