//! Who the caller is, as an address: the peer, or the last untrusted one that a trusted proxy names.

use std::net::{IpAddr, SocketAddr};

use http::HeaderMap;
use http::header::FORWARDED;
use ipnet::IpNet;

/// How many hops are looked at.
const HOPS_MAX: usize = 32;

/// The caller's address. `Forwarded` (RFC 7239) and `X-Forwarded-For` are believed only from trusted peers: read from
/// the last hop backwards, up to the first that is not trusted. A hop that is no address ends the search: then the
/// trusted hop behind it stands for the caller.
pub fn of_caller(peer: IpAddr, headers: &HeaderMap, trusted: &[IpNet]) -> IpAddr {
    let peer = peer.to_canonical();
    if trusted.is_empty() || !is_trusted(peer, trusted) {
        return peer;
    }
    let mut caller = peer;
    for hop in hops(headers).into_iter().rev().take(HOPS_MAX) {
        let Some(address) = hop else { break };
        caller = address.to_canonical();
        if !is_trusted(caller, trusted) {
            break;
        }
    }
    caller
}

fn is_trusted(address: IpAddr, trusted: &[IpNet]) -> bool {
    trusted.iter().any(|net| net.contains(&address))
}

/// All hops in order, the newest last. `Forwarded` is read if it is there, else `X-Forwarded-For`.
fn hops(headers: &HeaderMap) -> Vec<Option<IpAddr>> {
    let lines = |name: &str| -> Vec<String> {
        headers
            .get_all(name)
            .iter()
            .map(|value| String::from_utf8_lossy(value.as_bytes()).into_owned())
            .collect()
    };
    let forwarded = lines(FORWARDED.as_str());
    if forwarded.is_empty() {
        return lines("x-forwarded-for").iter().flat_map(|line| line.split(',')).map(parse).collect();
    }
    forwarded.iter().flat_map(|line| line.split(',')).map(forwarded_for).collect()
}

fn forwarded_for(element: &str) -> Option<IpAddr> {
    element.split(';').find_map(|pair| {
        let (name, value) = pair.split_once('=')?;
        name.trim().eq_ignore_ascii_case("for").then(|| parse(value.trim().trim_matches('"')))?
    })
}

/// `192.0.2.1`, `192.0.2.1:80`, `2001:db8::1`, `[2001:db8::1]` or `[2001:db8::1]:80`.
fn parse(text: &str) -> Option<IpAddr> {
    let text = text.trim();
    let bare = text.strip_prefix('[').and_then(|rest| rest.strip_suffix(']')).unwrap_or(text);
    bare.parse().ok().or_else(|| text.parse::<SocketAddr>().ok().map(|address| address.ip()))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn caller(peer: &str, header: (&'static str, &str)) -> String {
        let mut headers = HeaderMap::new();
        headers.insert(header.0, header.1.parse().unwrap());
        let trusted = ["10.0.0.0/8".parse().unwrap(), "::1/128".parse().unwrap()];
        of_caller(peer.parse().unwrap(), &headers, &trusted).to_string()
    }

    #[test]
    fn an_untrusted_peer_is_the_caller_whatever_it_says() {
        assert_eq!(caller("192.0.2.9", ("x-forwarded-for", "198.51.100.1")), "192.0.2.9");
    }

    #[test]
    fn the_last_untrusted_hop_is_the_caller() {
        assert_eq!(
            caller("10.0.0.1", ("x-forwarded-for", "203.0.113.5, 198.51.100.1, 10.0.0.7")),
            "198.51.100.1"
        );
        assert_eq!(
            caller("::1", ("forwarded", "for=203.0.113.5, for=\"[2001:db8::1]:80\";proto=https")),
            "2001:db8::1"
        );
    }

    #[test]
    fn a_hop_that_is_no_address_ends_the_search() {
        assert_eq!(caller("10.0.0.1", ("x-forwarded-for", "198.51.100.1, unknown, 10.0.0.7")), "10.0.0.7");
        assert_eq!(caller("10.0.0.1", ("forwarded", "for=_hidden")), "10.0.0.1");
    }
}
