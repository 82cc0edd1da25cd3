//! Finds the server, and decides whether a key may be sent to it.

use std::net::SocketAddr;
use std::time::Duration;

use http::Uri;

use crate::cli::exit::{Exit, Failure, Outcome};

/// The default server: the default address of `exeunt serve`.
const USUAL: &str = "http://127.0.0.1:8080";
/// The variable that names the server.
const VARIABLE: &str = "EXEUNT_URL";
/// Seconds to resolve a name.
const LOOKUP_SECS: u64 = 10;

/// A server's address, as given and as resolved.
pub(super) struct Target {
    /// Whether to use TLS.
    pub secure: bool,
    /// `host` or `host:port`, for the `Host` header.
    pub authority: String,
    /// The host; an IPv6 address has no brackets.
    pub host: String,
    /// Its resolved addresses.
    pub addresses: Vec<SocketAddr>,
    prefix: String,
}

impl Target {
    /// Finds the server from the command line, the environment, or else the default one on this machine.
    ///
    /// # Errors
    /// `Usage` for an invalid address, and for one to which the key would go unencrypted; `Unavailable` if the name
    /// does not resolve.
    pub(super) async fn find(given: Option<&str>, allow_plain_http: bool) -> Outcome<Self> {
        let url = match (given, std::env::var(VARIABLE)) {
            (Some(url), _) => url.to_owned(),
            (None, Ok(url)) if !url.is_empty() => url,
            (None, Err(std::env::VarError::NotUnicode(_))) => {
                return Err(Failure::usage(format!("{VARIABLE} is not UTF-8")));
            }
            (None, _) => USUAL.to_owned(),
        };
        let mut target = Self::read(&url)?;
        target.addresses = target.looked_up().await?;
        if !target.secure && !allow_plain_http && !target.is_here() {
            return Err(Failure::usage(format!(
                "{url} is another machine, and http:// would send the key unencrypted; use https://, or \
                 --allow-plain-http if you trust the network"
            )));
        }
        Ok(target)
    }

    /// Whether every address is of this machine.
    pub(super) fn is_here(&self) -> bool {
        !self.addresses.is_empty()
            && self.addresses.iter().all(|address| address.ip().to_canonical().is_loopback())
    }

    /// A path of the native interface, under the path of this address.
    pub(super) fn path(&self, path: &str) -> String {
        format!("{}{path}", self.prefix)
    }

    fn read(url: &str) -> Outcome<Self> {
        // The message does not contain the address, which may hold a password.
        let wrong = |why: &str| Failure::usage(format!("--url or {VARIABLE}: {why}"));
        let uri: Uri = url.parse().map_err(|_| wrong("this is not a URL"))?;
        let secure = match uri.scheme_str() {
            Some("https") => true,
            Some("http") => false,
            _ => return Err(wrong("the URL does not begin with https:// or http://")),
        };
        let authority = uri.authority().ok_or_else(|| wrong("the URL has no host"))?;
        if authority.as_str().contains('@') {
            return Err(wrong(
                "the URL contains a user or a password; remove them, and give the key with --key-file",
            ));
        }
        if uri.query().is_some() {
            return Err(wrong("the URL has a query; remove it"));
        }
        Ok(Self {
            secure,
            authority: authority.to_string(),
            host: authority.host().trim_start_matches('[').trim_end_matches(']').to_owned(),
            addresses: Vec::new(),
            prefix: uri.path().trim_end_matches('/').to_owned(),
        })
    }

    async fn looked_up(&self) -> Outcome<Vec<SocketAddr>> {
        let asked = tokio::net::lookup_host((self.host.as_str(), self.port()));
        let why = match tokio::time::timeout(Duration::from_secs(LOOKUP_SECS), asked).await {
            Ok(Ok(found)) => return Ok(found.collect()),
            Ok(Err(error)) => error.to_string(),
            Err(_) => format!("the name was not resolved within {LOOKUP_SECS} seconds"),
        };
        let text = format!("{}: {why}. Is the name in --url or {VARIABLE} right?", self.authority);
        Err(Failure::new(Exit::Unavailable, text))
    }

    fn port(&self) -> u16 {
        let given = self.authority.parse::<http::uri::Authority>().ok().and_then(|it| it.port_u16());
        given.unwrap_or(if self.secure { 443 } else { 80 })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    async fn found(url: &str) -> Result<(bool, String, u16, String), Exit> {
        let target = Target::find(Some(url), false).await.map_err(|failure| failure.exit)?;
        Ok((target.secure, target.host.clone(), target.addresses[0].port(), target.path("/v1")))
    }

    #[tokio::test]
    async fn a_url_names_host_port_and_prefix() {
        let told =
            |secure, host: &str, port, path: &str| Ok((secure, host.to_owned(), port, path.to_owned()));
        assert_eq!(found("http://127.0.0.1:8080").await, told(false, "127.0.0.1", 8080, "/v1"));
        assert_eq!(found("http://[::1]").await, told(false, "::1", 80, "/v1"));
        assert_eq!(found("https://192.0.2.7/a/b/").await, told(true, "192.0.2.7", 443, "/a/b/v1"));
    }

    #[tokio::test]
    async fn a_key_goes_in_clear_to_this_machine_alone() {
        assert_eq!(found("http://192.0.2.7").await, Err(Exit::Usage));
        assert_eq!(found("http://0.0.0.0").await, Err(Exit::Usage));
        assert!(found("http://[::ffff:127.0.0.1]").await.is_ok());
        assert!(Target::find(Some("http://192.0.2.7"), true).await.is_ok());
    }

    #[tokio::test]
    async fn what_names_no_server_is_refused() {
        for url in
            ["", "127.0.0.1:8080", "ftp://127.0.0.1", "http://", "http://a:b@127.0.0.1", "http://127.0.0.1?a"]
        {
            assert_eq!(found(url).await, Err(Exit::Usage), "{url}");
        }
    }
}
