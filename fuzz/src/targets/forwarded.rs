//! Headers of any bytes that say where a request came from: a line each, `f` before what `Forwarded` says and anything
//! else before what `X-Forwarded-For` says. Only a trusted peer is believed, and only what it wrote itself.

use std::net::IpAddr;

use exeunt::http::client_address::of_caller;
use exeunt::http::headers::Headers;
use http::HeaderName;
use ipnet::IpNet;

const FORWARDED: HeaderName = HeaderName::from_static("forwarded");
const X_FORWARDED_FOR: HeaderName = HeaderName::from_static("x-forwarded-for");
const PROXY: IpAddr = IpAddr::V4(std::net::Ipv4Addr::new(10, 0, 0, 1));
const STRANGER: IpAddr = IpAddr::V4(std::net::Ipv4Addr::new(192, 0, 2, 9));
/// Whom the proxy saw.
const CALLER: IpAddr = IpAddr::V4(std::net::Ipv4Addr::new(198, 51, 100, 7));

pub(super) fn run(bytes: &[u8]) {
    let trusted = [IpNet::from(PROXY)];
    let mut headers = Headers::new();
    for line in bytes.split(|byte| *byte == b'\n') {
        let Some((first, value)) = line.split_first() else { continue };
        let name = if *first == b'f' { FORWARDED } else { X_FORWARDED_FOR };
        headers.add(&name, value);
    }
    assert_eq!(of_caller(STRANGER, &headers, &trusted), STRANGER);
    assert_eq!(of_caller(PROXY, &headers, &[]), PROXY);
    let read = of_caller(PROXY, &headers, &trusted);
    assert_eq!(read, read.to_canonical());
    assert_eq!(of_caller(mapped(PROXY), &headers, &trusted), read);
    if headers.iter().next().is_none() {
        assert_eq!(read, PROXY);
    }
    // A proxy adds the hop that it saw at the end, and whatever the caller wrote before changes nothing.
    for (name, hop) in [(X_FORWARDED_FOR, "198.51.100.7"), (FORWARDED, "for=198.51.100.7")] {
        let mut own = Headers::new();
        headers.all(&name).for_each(|value| own.add(&name, value));
        assert_eq!(of_caller(PROXY, &with(&own, &name, hop), &trusted), CALLER);
        // Nor the other header, which the proxy lets pass: at most it takes away the trust in both.
        let both = of_caller(PROXY, &with(&headers, &name, hop), &trusted);
        assert!(both == CALLER || both == PROXY, "{both}");
    }
}

/// With one more hop in the last line of this header, as proxies add it.
fn with(headers: &Headers, name: &HeaderName, hop: &str) -> Headers {
    let mut lines: Vec<Vec<u8>> = headers.all(name).map(<[u8]>::to_vec).collect();
    let last = lines.pop().map_or_else(Vec::new, |line| [&line[..], b", "].concat());
    lines.push([&last[..], hop.as_bytes()].concat());
    let mut headers = headers.clone();
    headers.remove(name);
    lines.iter().for_each(|line| headers.add(name, line));
    headers
}

/// The same address as sockets of both families name it.
fn mapped(address: IpAddr) -> IpAddr {
    match address {
        IpAddr::V4(address) => address.to_ipv6_mapped().into(),
        IpAddr::V6(_) => address,
    }
}
