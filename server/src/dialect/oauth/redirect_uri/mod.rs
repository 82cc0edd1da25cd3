//! Redirect addresses: where the answer to an authorization request goes.
//!
//! They are compared and sent byte for byte as they were registered (OA-01), so nothing here parses more of an address
//! than the rules need.

mod answer;
mod fault;

use std::net::Ipv6Addr;

use serde::{Deserialize, Serialize};

pub use self::answer::with_parameters;
pub use self::fault::RedirectUriFault;
use super::client_type::ClientType;
use super::uri::{absolute, authority};

/// Hosts of the machine that a program runs on. Only for them is `http` allowed.
const LOOPBACK: [&str; 3] = ["127.0.0.1", "[::1]", LOCALHOST];
/// The loopback host that is a name. Its port counts if it was registered with one.
const LOCALHOST: &str = "localhost";
/// Schemes whose addresses are content, or files of the machine.
const FORBIDDEN_SCHEMES: [&str; 3] = ["javascript", "data", "file"];

/// A redirect address, as it was registered.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct RedirectUri(String);

/// The registered address that an answer goes to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Destination {
    /// Its number among the registered addresses.
    pub number: usize,
    /// The port that a program listens on this time.
    pub port: Port,
}

/// The port of a destination.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Port {
    /// That of the registered address, or none as there.
    AsRegistered,
    /// None, unlike the registered address.
    Omitted,
    /// Another one than in the registered address.
    Other(u16),
}

/// An `http` address of a loopback host, in parts.
struct Loopback<'a> {
    host: &'static str,
    /// The port without its colon.
    port: Option<&'a str>,
    /// From the path on.
    rest: &'a str,
}

impl RedirectUri {
    /// Validates an address that is being registered.
    ///
    /// # Errors
    /// The first rule that it breaks.
    pub fn register(text: &str, client_type: ClientType) -> Result<Self, RedirectUriFault> {
        let (scheme, rest) = absolute(text)?;
        let scheme = scheme.to_ascii_lowercase();
        if FORBIDDEN_SCHEMES.contains(&&*scheme) {
            return Err(RedirectUriFault::ForbiddenScheme);
        }
        if authority(rest).is_some_and(|(authority, _)| authority.contains('@')) {
            return Err(RedirectUriFault::UserInfo);
        }
        match &*scheme {
            "https" | "http" => must_be_of_a_host(&scheme, rest)?,
            _ if !scheme.contains('.') => return Err(RedirectUriFault::SchemeWithoutDot),
            _ if client_type == ClientType::Confidential => return Err(RedirectUriFault::PrivateScheme),
            _ => {}
        }
        Ok(Self(text.to_owned()))
    }

    /// The address, byte for byte.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// Whether the address of a request is this one (OA-01). The port of a loopback address of a public client may
    /// differ: a program listens wherever a port is free (RFC 8252 §7.3). For `localhost` it may only if the address was
    /// registered without a port.
    pub fn matches(&self, presented: &str, client_type: ClientType) -> bool {
        self.port_of(presented, client_type).is_some()
    }

    /// Finds the address of a request among the registered ones, preferring one that is equal in every byte.
    pub fn find(registered: &[Self], presented: &str, client_type: ClientType) -> Option<Destination> {
        let matching = registered.iter().enumerate();
        let mut all = matching.filter_map(|(number, own)| {
            Some(Destination { number, port: own.port_of(presented, client_type)? })
        });
        let first = all.next()?;
        Some(if first.port == Port::AsRegistered {
            first
        } else {
            all.find(|other| other.port == Port::AsRegistered).unwrap_or(first)
        })
    }

    /// The address of a request that matched with this port: equal to it in every byte.
    pub fn at(&self, port: Port) -> String {
        let (Some(own), false) = (Loopback::read(&self.0), port == Port::AsRegistered) else {
            return self.0.clone();
        };
        match port {
            Port::Other(port) => format!("http://{}:{port}{}", own.host, own.rest),
            Port::Omitted | Port::AsRegistered => format!("http://{}{}", own.host, own.rest),
        }
    }

    /// The origin of the pages at this address, as browsers write it (RFC 6454 §6.2). `None` for a private-use scheme.
    pub fn origin(&self) -> Option<String> {
        let (scheme, rest) = absolute(&self.0).ok()?;
        let scheme = scheme.to_ascii_lowercase();
        let usual_port = match &*scheme {
            "https" => ":443",
            "http" => ":80",
            _ => return None,
        };
        let host = authority(rest)?.0.to_ascii_lowercase();
        Some(format!("{scheme}://{}", host.strip_suffix(usual_port).unwrap_or(&host)))
    }

    /// Where the answer goes, for a person: the host with its port, or the private-use scheme of a program.
    pub fn shown(&self) -> &str {
        let (scheme, rest) = absolute(&self.0).unwrap_or((&self.0, ""));
        let web = scheme.eq_ignore_ascii_case("https") || scheme.eq_ignore_ascii_case("http");
        authority(rest).filter(|_| web).map_or(scheme, |(host, _)| host)
    }

    /// The port with which the address of a request matches.
    fn port_of(&self, presented: &str, client_type: ClientType) -> Option<Port> {
        if self.0 == presented {
            return Some(Port::AsRegistered);
        }
        if client_type == ClientType::Confidential {
            return None;
        }
        let (own, other) = (Loopback::read(&self.0)?, Loopback::read(presented)?);
        let free = own.host != LOCALHOST || own.port.is_none();
        if !free || own.host != other.host || own.rest != other.rest {
            return None;
        }
        other.port.map_or(Some(Port::Omitted), |port| port_number(port).map(Port::Other))
    }
}

impl<'a> Loopback<'a> {
    fn read(address: &'a str) -> Option<Self> {
        let (authority, rest) = authority(address.strip_prefix("http:")?)?;
        LOOPBACK.into_iter().find_map(|host| match authority.strip_prefix(host)? {
            "" => Some(Self { host, port: None, rest }),
            port => Some(Self { host, port: Some(port.strip_prefix(':')?), rest }),
        })
    }
}

/// `https` needs a host, and `http` one of the loopback hosts. A browser would find a host in an address without one.
fn must_be_of_a_host(scheme: &str, rest: &str) -> Result<(), RedirectUriFault> {
    let (authority, _) =
        authority(rest).filter(|(host, _)| !host.is_empty()).ok_or(RedirectUriFault::NoHost)?;
    let end = authority.find(']').map_or(0, |end| end + 1);
    let colon = authority[end..].find(':').map_or(authority.len(), |at| end + at);
    let (host, port) = authority.split_at(colon);
    if !is_host(host) {
        return Err(RedirectUriFault::Host);
    }
    if !port.is_empty() && port.strip_prefix(':').and_then(port_number).is_none() {
        return Err(RedirectUriFault::Port);
    }
    if scheme == "http" && !LOOPBACK.contains(&host) {
        return Err(RedirectUriFault::PlainHttp);
    }
    Ok(())
}

/// A name, an IPv4 address, or an IPv6 address in brackets. No escapes: a browser would decode them.
fn is_host(text: &str) -> bool {
    match text.strip_prefix('[').and_then(|text| text.strip_suffix(']')) {
        Some(address) => address.parse::<Ipv6Addr>().is_ok(),
        None => {
            let is_name = |byte: u8| byte.is_ascii_alphanumeric() || b"-._".contains(&byte);
            text.starts_with(|letter: char| letter.is_ascii_alphanumeric()) && text.bytes().all(is_name)
        }
    }
}

/// A port in its only form: without leading zeros, so that it is written as it was read.
fn port_number(text: &str) -> Option<u16> {
    let usual = !text.starts_with('0') && text.bytes().all(|byte| byte.is_ascii_digit());
    text.parse().ok().filter(|_| usual)
}

#[cfg(test)]
mod tests;
