//! The caller's address: the peer, or the last untrusted address that a trusted proxy names.

use std::borrow::Cow;
use std::net::{IpAddr, SocketAddr};

use http::HeaderName;
use http::header::FORWARDED;
use ipnet::IpNet;

use crate::http::headers::Headers;

const X_FORWARDED_FOR: HeaderName = HeaderName::from_static("x-forwarded-for");
/// How many hops are read.
const HOPS_MAX: usize = 32;

/// The caller's address. `Forwarded` (RFC 7239) and `X-Forwarded-For` are believed only from trusted peers. They are
/// read from the last hop backwards, up to the first that is not trusted. A hop that is no address ends the search, and
/// the trusted hop after it counts as the caller. A proxy writes one of the two headers and passes the caller's other
/// one through. So if both are present and differ, neither is believed and the peer counts as the caller.
pub fn of_caller(peer: IpAddr, headers: &Headers, trusted: &[IpNet]) -> IpAddr {
    let peer = peer.to_canonical();
    if !is_trusted(peer, trusted) {
        return peer;
    }
    let last_untrusted = |hops: Vec<Option<IpAddr>>| {
        let mut caller = peer;
        for hop in hops.into_iter().rev().take(HOPS_MAX) {
            let Some(address) = hop else { break };
            caller = address.to_canonical();
            if !is_trusted(caller, trusted) {
                break;
            }
        }
        caller
    };
    let forwarded = hops(headers, &FORWARDED, forwarded_for).map(last_untrusted);
    let x_forwarded_for = hops(headers, &X_FORWARDED_FOR, parse).map(last_untrusted);
    match (forwarded, x_forwarded_for) {
        (Some(one), Some(other)) if one != other => peer,
        (one, other) => one.or(other).unwrap_or(peer),
    }
}

/// Whether these headers claim another address for the caller.
pub fn is_claimed(headers: &Headers) -> bool {
    [&FORWARDED, &X_FORWARDED_FOR].iter().any(|name| headers.has(name))
}

/// Whether this peer is a trusted proxy, whose forwarding headers are believed.
pub fn is_trusted(address: IpAddr, trusted: &[IpNet]) -> bool {
    let address = address.to_canonical();
    trusted.iter().any(|net| net.contains(&address))
}

/// All hops that a header names, in order, the newest last; `None` if it names none.
fn hops(
    headers: &Headers,
    name: &HeaderName,
    read: fn(&str) -> Option<IpAddr>,
) -> Option<Vec<Option<IpAddr>>> {
    let lines = headers.all(name).map(String::from_utf8_lossy);
    let hops: Vec<_> = lines
        .flat_map(|line| {
            // RFC 9110 §5.6.1: empty elements of a list are ignored.
            let named = line.split(',').filter(|element| !element.trim().is_empty());
            named.map(read).collect::<Vec<_>>()
        })
        .collect();
    (!hops.is_empty()).then_some(hops)
}

fn forwarded_for(element: &str) -> Option<IpAddr> {
    element.split(';').find_map(|pair| {
        let (name, value) = pair.split_once('=')?;
        name.trim().eq_ignore_ascii_case("for").then(|| parse(value.trim().trim_matches('"')))?
    })
}

/// `192.0.2.1`, `192.0.2.1:80`, `2001:db8::1`, `[2001:db8::1]` or `[2001:db8::1]:80`. A zone, as in `fe80::1%eth0`, has
/// a meaning only on the machine that wrote it, and is cut.
fn parse(text: &str) -> Option<IpAddr> {
    let text = &*without_zone(text.trim());
    let bare = text.strip_prefix('[').and_then(|rest| rest.strip_suffix(']')).unwrap_or(text);
    bare.parse().ok().or_else(|| text.parse::<SocketAddr>().ok().map(|address| address.ip()))
}

fn without_zone(text: &str) -> Cow<'_, str> {
    match text.split_once('%') {
        Some((address, zone)) if address.contains(':') => {
            let behind = zone.find(']').map_or("", |end| &zone[end..]);
            Cow::Owned(format!("{address}{behind}"))
        }
        _ => Cow::Borrowed(text),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn caller(peer: &str, header: (&'static str, &str)) -> String {
        caller_by(peer, &[header])
    }

    fn caller_by(peer: &str, lines: &[(&'static str, &str)]) -> String {
        let mut headers = Headers::new();
        for (name, value) in lines {
            headers.read(name, value.as_bytes());
        }
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
    fn a_header_that_the_proxy_did_not_write_moves_nobody() {
        let by_proxy = ("x-forwarded-for", "198.51.100.1");
        assert_eq!(caller_by("10.0.0.1", &[by_proxy, ("forwarded", "for=203.0.113.5")]), "10.0.0.1");
        assert_eq!(caller_by("10.0.0.1", &[by_proxy, ("forwarded", "for=198.51.100.1")]), "198.51.100.1");
    }

    #[test]
    fn an_empty_element_says_nothing() {
        for list in ["198.51.100.1,", ", 198.51.100.1 ,, 10.0.0.7", "198.51.100.1, ,\t,10.0.0.7,"] {
            assert_eq!(caller("10.0.0.1", ("x-forwarded-for", list)), "198.51.100.1", "{list}");
        }
        assert_eq!(caller("10.0.0.1", ("forwarded", ",for=198.51.100.1,, for=10.0.0.7,")), "198.51.100.1");
        let split =
            [("x-forwarded-for", "198.51.100.1"), ("x-forwarded-for", ""), ("x-forwarded-for", " , ")];
        assert_eq!(caller_by("10.0.0.1", &split), "198.51.100.1");
        assert_eq!(caller("10.0.0.1", ("x-forwarded-for", "")), "10.0.0.1");
        let beside = [("x-forwarded-for", ","), ("forwarded", "for=198.51.100.1")];
        assert_eq!(caller_by("10.0.0.1", &beside), "198.51.100.1");
    }

    #[test]
    fn a_zone_is_cut() {
        for hop in ["fe80::1%eth0", "[fe80::1%eth0]", "[fe80::1%25eth0]:8080", "fe80::1%1", "[fe80::1%]:1"] {
            assert_eq!(caller("10.0.0.1", ("x-forwarded-for", hop)), "fe80::1", "{hop}");
            assert_eq!(caller("10.0.0.1", ("forwarded", &format!("for=\"{hop}\""))), "fe80::1", "{hop}");
        }
        for hop in ["198.51.100.1%eth0", "%eth0", "fe80::g%eth0", "[fe80::1%eth0"] {
            assert_eq!(caller("10.0.0.1", ("x-forwarded-for", hop)), "10.0.0.1", "{hop}");
        }
    }

    #[test]
    fn a_hop_that_is_no_address_ends_the_search() {
        assert_eq!(caller("10.0.0.1", ("x-forwarded-for", "198.51.100.1, unknown, 10.0.0.7")), "10.0.0.7");
        assert_eq!(caller("10.0.0.1", ("forwarded", "for=_hidden")), "10.0.0.1");
    }
}
