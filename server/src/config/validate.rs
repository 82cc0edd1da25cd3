//! Checks the values of a configuration, so that a mistake shows at the start and not at the first request.

use ipnet::IpNet;

use super::{Config, DialectConfig};
use crate::error::{Error, Result};
use crate::time::DURATION_SECS_MAX;

/// The highest limit of connections that can be configured.
const CONNECTIONS_MAX: usize = 1_000_000;
/// The longest timeout that can be configured, in seconds.
const WAIT_SECS_MAX: u64 = 3_600;
/// The longest time for which dead sessions are kept, in hours: a year.
const DEAD_HOURS_MAX: u64 = 24 * 366;
/// The longest time for which the log of marks is kept, in days: ten years.
const LOG_DAYS_MAX: u64 = 3_660;
/// The longest time over which failures are counted, in seconds: a day.
const WINDOW_SECS_MAX: u64 = 86_400;

impl Config {
    /// Refuses settings that cannot work.
    ///
    /// # Errors
    /// `Malformed("config")`, naming the setting and what it must be.
    pub fn validate(&self) -> Result<()> {
        let limits = &self.limits;
        self.must_be_safe_to_hear()?;
        secs_within("hsts_secs", self.hsts_secs, 0, DURATION_SECS_MAX.into())?;
        within("limits.connections", limits.connections, 1, CONNECTIONS_MAX)?;
        within("limits.connections_per_peer", limits.connections_per_peer, 1, CONNECTIONS_MAX)?;
        within("limits.streams_per_key", limits.streams_per_key, 1, CONNECTIONS_MAX)?;
        within("limits.body_bytes", limits.body_bytes, 1, 1 << 30)?;
        within("limits.form_bytes", limits.form_bytes, 1, 1 << 30)?;
        within("limits.header_bytes", limits.header_bytes, 8192, 1 << 20)?;
        secs_within("limits.header_secs", limits.header_secs, 1, WAIT_SECS_MAX)?;
        secs_within("limits.body_secs", limits.body_secs, 1, WAIT_SECS_MAX)?;
        secs_within("limits.answer_secs", limits.answer_secs, 1, WAIT_SECS_MAX)?;
        secs_within("limits.grace_secs", limits.grace_secs, 0, WAIT_SECS_MAX)?;
        within("retention.dead_hours", self.retention.dead_hours, 0, DEAD_HOURS_MAX)?;
        within("retention.log_days", self.retention.log_days, 1, LOG_DAYS_MAX)?;
        secs_within("throttle.window_secs", self.throttle.window_secs.into(), 1, WINDOW_SECS_MAX)?;
        self.dialects.iter().try_for_each(|(name, dialect)| dialect.validate(name))
    }

    /// Refuses an address that other machines can reach without TLS, since passwords and tokens pass there; unless a
    /// proxy on another machine is trusted, which is taken to use TLS. A proxy on this machine needs no such address.
    fn must_be_safe_to_hear(&self) -> Result<()> {
        let away = |proxy: &IpNet| !proxy.network().to_canonical().is_loopback();
        if self.tls_cert.is_some() || self.trusted_proxies.iter().any(away) {
            return Ok(());
        }
        let open =
            [Some(("listen", self.listen)), self.admin_listen.map(|address| ("admin_listen", address))]
                .into_iter()
                .flatten()
                .find(|(_, address)| !address.ip().to_canonical().is_loopback());
        open.map_or(Ok(()), |(name, address)| {
            Err(refused(format!(
                "{name} is {address}, which other machines can reach, and without TLS they could read \
                 passwords and tokens on the way. Set tls_cert and tls_key; or, behind a proxy on another \
                 machine that speaks TLS, give its address in trusted_proxies; or listen on 127.0.0.1"
            )))
        })
    }
}

impl DialectConfig {
    fn validate(&self, name: &str) -> Result<()> {
        let mount = &self.mount;
        if !mount.is_empty() && (!mount.starts_with('/') || mount.ends_with('/')) {
            return Err(refused(format!(
                "dialects.{name}.mount is {mount:?}; expected an empty text, or a path that begins with / \
                 and does not end with /"
            )));
        }
        // DEP-03: a sunset never comes before the deprecation.
        if self.deprecated_at_secs.zip(self.sunset_at_secs).is_some_and(|(from, until)| until < from) {
            return Err(refused(format!(
                "dialects.{name}: sunset_at_secs is before deprecated_at_secs; expected the same time or a \
                 later one"
            )));
        }
        Ok(())
    }
}

fn within<T: PartialOrd + Copy + std::fmt::Display>(name: &str, value: T, least: T, most: T) -> Result<()> {
    if value >= least && value <= most {
        return Ok(());
    }
    Err(refused(format!("{name} is {value}; expected {least} to {most}")))
}

/// As [`within`], for seconds; says so if the value looks like milliseconds.
fn secs_within(name: &str, value: u64, least: u64, most: u64) -> Result<()> {
    let secs = value / 1_000;
    if value > most && value.is_multiple_of(1_000) && (least..=most).contains(&secs) {
        return Err(refused(format!("{name} looks like milliseconds: {value}; expected seconds, {secs}")));
    }
    within(name, value, least, most)
}

fn refused(text: String) -> Error {
    Error::malformed("config", text)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn plain_http_is_for_this_machine_or_a_proxy() {
        for text in [
            "listen = \"[::1]:1\"",
            "listen = \"[::ffff:127.0.0.1]:1\"",
            "listen = \"0.0.0.0:1\"\ntrusted_proxies = [\"10.0.0.1/32\"]",
            "listen = \"0.0.0.0:1\"\ntls_cert = \"c\"\ntls_key = \"k\"",
        ] {
            let config: Config = toml::from_str(text).unwrap();
            assert!(config.validate().is_ok(), "{text}");
        }
    }

    #[test]
    fn what_could_not_work_is_refused_by_name() {
        assert!(Config::default().validate().is_ok());
        for (text, name) in [
            ("listen = \"0.0.0.0:1\"", "listen is 0.0.0.0:1"),
            ("admin_listen = \"[::]:1\"", "admin_listen is [::]:1"),
            (
                "hsts_secs = 31536000000",
                "hsts_secs looks like milliseconds: 31536000000; expected seconds, 31536000",
            ),
            ("hsts_secs = 316224001", "hsts_secs is 316224001; expected 0 to 316224000"),
            ("limits.connections = 0", "limits.connections"),
            ("limits.answer_secs = 0", "limits.answer_secs"),
            ("limits.connections_per_peer = 0", "limits.connections_per_peer"),
            ("limits.streams_per_key = 0", "limits.streams_per_key"),
            (
                "listen = \"0.0.0.0:1\"\ntrusted_proxies = [\"127.0.0.1/32\", \"::1/128\"]",
                "listen is 0.0.0.0:1",
            ),
            ("retention.dead_hours = 99999", "retention.dead_hours"),
            ("retention.log_days = 999999999", "retention.log_days"),
            ("dialects.rested.mount = \"old/\"", "dialects.rested.mount"),
            ("dialects.rested = { deprecated_at_secs = 2, sunset_at_secs = 1 }", "sunset_at_secs"),
        ] {
            let config: Config = toml::from_str(text).unwrap();
            let error = config.validate().unwrap_err();
            assert!(error.public().contains(name), "{text}: {error}");
        }
    }
}
