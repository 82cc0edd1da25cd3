//! Checks where logins come from. If nearly all come from one address, it usually is an untrusted proxy: then one
//! person's wrong passwords lock out every user, and lists of devices show one address.

use std::collections::HashMap;
use std::net::IpAddr;

use super::finding::Finding;
use crate::config::Config;
use crate::dialect::ADMIN;

/// With fewer logins no conclusion is drawn.
const LOGINS_MIN: usize = 20;
/// The share of logins from one address that is worth a warning.
const NEARLY_ALL_PERCENT: usize = 95;

/// Judges by the dialects and addresses of the latest sessions. Sessions that back ends opened for users do not count.
pub(super) fn judge(latest: &[(String, IpAddr)], config: &Config) -> Option<Finding> {
    const CHECK: &str = "addresses";
    let mut counts: HashMap<IpAddr, usize> = HashMap::new();
    let logins = latest.iter().filter(|(dialect, _)| *dialect != ADMIN.name());
    logins.for_each(|(_, from)| *counts.entry(*from).or_default() += 1);
    let all: usize = counts.values().sum();
    let (address, most) = counts.into_iter().max_by_key(|(_, count)| *count)?;
    if all < LOGINS_MIN || most * 100 < all * NEARLY_ALL_PERCENT {
        return Some(Finding::well(CHECK, format!("the latest {all} logins come from several addresses")))
            .filter(|_| all >= LOGINS_MIN);
    }
    let says = format!("{most} of the latest {all} logins come from {address}");
    let trusted = config.trusted_proxies.iter().any(|network| network.contains(&address));
    let advice = if trusted {
        "it is a trusted proxy, but does not send the client's address; make it set Forwarded or \
         X-Forwarded-For"
            .to_owned()
    } else {
        format!(
            "if that is your proxy, set trusted_proxies = [\"{address}\"] and make it set X-Forwarded-For"
        )
    };
    Some(Finding::warning(CHECK, says, advice))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::cli::doctor::finding::Severity;

    fn logins(from: &str, count: usize) -> Vec<(String, IpAddr)> {
        vec![("rested".to_owned(), from.parse().unwrap()); count]
    }

    #[test]
    fn one_address_is_suspicious_only_when_there_are_many_logins() {
        let config = Config::default();
        assert!(judge(&logins("10.0.0.1", 19), &config).is_none());
        let alone = judge(&logins("10.0.0.1", 20), &config).unwrap();
        assert!(
            alone.severity == Severity::Warning && alone.advice.contains("trusted_proxies = [\"10.0.0.1\"]")
        );
        let mixed = [logins("10.0.0.1", 18), logins("10.0.0.2", 2)].concat();
        assert!(judge(&mixed, &config).unwrap().severity == Severity::Well);
        let native = vec![(ADMIN.name().to_owned(), "10.0.0.1".parse().unwrap()); 50];
        assert!(judge(&native, &config).is_none());
    }

    #[test]
    fn a_trusted_proxy_that_tells_nothing_is_told_apart() {
        let config = Config { trusted_proxies: vec!["10.0.0.0/8".parse().unwrap()], ..Config::default() };
        assert!(
            judge(&logins("10.0.0.1", 30), &config)
                .unwrap()
                .advice
                .contains("does not send the client's address")
        );
    }
}
