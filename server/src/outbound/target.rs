//! The address of a server: as it was given, and as it was resolved.

use std::net::SocketAddr;
use std::time::Duration;

use http::Uri;

use super::Fault;

/// Seconds to resolve a name.
const LOOKUP_SECS: u64 = 10;

/// A server's address.
pub struct Target {
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
    /// Reads a URL. Nothing is resolved yet.
    ///
    /// # Errors
    /// [`Fault::Invalid`]. Its text does not contain the URL, which may hold a password.
    pub fn parse(url: &str) -> Result<Self, Fault> {
        let invalid = |why: &str| Fault::Invalid(why.to_owned());
        let uri: Uri = url.parse().map_err(|_| invalid("this is not a URL"))?;
        let secure = match uri.scheme_str() {
            Some("https") => true,
            Some("http") => false,
            _ => return Err(invalid("the URL does not begin with https:// or http://")),
        };
        let authority = uri.authority().ok_or_else(|| invalid("the URL has no host"))?;
        if authority.as_str().contains('@') {
            return Err(invalid("the URL contains a user or a password; remove them"));
        }
        if uri.query().is_some() {
            return Err(invalid("the URL has a query; remove it"));
        }
        Ok(Self {
            secure,
            authority: authority.to_string(),
            host: authority.host().trim_start_matches('[').trim_end_matches(']').to_owned(),
            addresses: Vec::new(),
            prefix: uri.path().trim_end_matches('/').to_owned(),
        })
    }

    /// Resolves the host.
    ///
    /// # Errors
    /// [`Fault::Unreachable`] if the name does not resolve in time.
    pub async fn resolve(&mut self) -> Result<(), Fault> {
        let asked = tokio::net::lookup_host((self.host.as_str(), self.port()));
        let why = match tokio::time::timeout(Duration::from_secs(LOOKUP_SECS), asked).await {
            Ok(Ok(found)) => {
                self.addresses = found.collect();
                return Ok(());
            }
            Ok(Err(error)) => error.to_string(),
            Err(_) => format!("the name was not resolved within {LOOKUP_SECS} seconds"),
        };
        Err(Fault::Unreachable(format!("{}: {why}", self.authority)))
    }

    /// Whether every resolved address is of this machine.
    pub fn is_here(&self) -> bool {
        !self.addresses.is_empty()
            && self.addresses.iter().all(|address| address.ip().to_canonical().is_loopback())
    }

    /// A path under the path of this address.
    pub fn path(&self, path: &str) -> String {
        format!("{}{path}", self.prefix)
    }

    fn port(&self) -> u16 {
        let given = self.authority.parse::<http::uri::Authority>().ok().and_then(|it| it.port_u16());
        given.unwrap_or(if self.secure { 443 } else { 80 })
    }
}
