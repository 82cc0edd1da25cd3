//! Rules of RFC 9112 that every request must meet and that the HTTP library does not check.

use http::header::{HOST, TRANSFER_ENCODING};
use http::{StatusCode, Version};

use crate::http::headers::Headers;

/// The status that refuses a request whose head could be read but breaks RFC 9112.
pub fn refusal(version: Version, headers: &Headers) -> Option<StatusCode> {
    if !has_right_host(version, headers) {
        return Some(StatusCode::BAD_REQUEST);
    }
    coding_refusal(headers)
}

/// RFC 9112 §3.2: one `Host`, which only HTTP/1.0 may omit, and which names a host and a port or is empty. It may
/// differ from an absolute target (§3.2.2): nothing here depends on its value.
pub fn has_right_host(version: Version, headers: &Headers) -> bool {
    let mut all = headers.all(&HOST);
    match (all.next(), all.next()) {
        (None, _) => version < Version::HTTP_11,
        (Some(host), None) => is_host(host),
        (Some(_), Some(_)) => false,
    }
}

/// RFC 9112 §6.1: `chunked`, once, is the only transfer coding. The library reads only the last one, and would return a
/// body that is still encoded with the others.
fn coding_refusal(headers: &Headers) -> Option<StatusCode> {
    let all = headers.all(&TRANSFER_ENCODING).flat_map(|line| line.split(|byte| *byte == b','));
    let codings: Vec<_> = all.map(<[u8]>::trim_ascii).filter(|coding| !coding.is_empty()).collect();
    match codings[..] {
        [] => None,
        _ if codings.iter().any(|coding| !coding.eq_ignore_ascii_case(b"chunked")) => {
            Some(StatusCode::NOT_IMPLEMENTED)
        }
        [_] => None,
        _ => Some(StatusCode::BAD_REQUEST),
    }
}

/// RFC 3986 §3.2.2 and §3.2.3: a name or an address, which may be empty, and a port, whose digits may be missing.
fn is_host(value: &[u8]) -> bool {
    let of_a_name = |byte: &u8| byte.is_ascii_alphanumeric() || b"-._~%!$&'()*+,;=".contains(byte);
    if let Some(literal) = value.strip_prefix(b"[") {
        let Some(end) = literal.iter().position(|byte| *byte == b']') else { return false };
        let (address, port) = (&literal[..end], &literal[end + 1..]);
        return !address.is_empty()
            && address.iter().all(|byte| *byte == b':' || of_a_name(byte))
            && is_port(port);
    }
    let (name, port) = value.split_at(value.iter().position(|byte| *byte == b':').unwrap_or(value.len()));
    name.iter().all(of_a_name) && is_port(port)
}

fn is_port(text: &[u8]) -> bool {
    match text {
        [] => true,
        [b':', digits @ ..] => digits.iter().all(u8::is_ascii_digit),
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn refused(version: Version, lines: &[(&str, &str)]) -> Option<u16> {
        refusal(version, &lines.iter().copied().collect()).map(|status| status.as_u16())
    }

    #[test]
    fn one_host_that_is_one() {
        for host in [
            "a",
            "",
            "a.example",
            "A-b_c.example:8080",
            "a:",
            ":80",
            "192.0.2.1:1",
            "[::1]",
            "[::1]:80",
            "a%20b",
        ] {
            assert_eq!(refused(Version::HTTP_11, &[("Host", host)]), None, "{host}");
        }
        for host in [
            "a b", "a/b", "u@a", "a:b", "a:80:80", "::1", "[::1", "[]", "[::1]x", "a\"b", "a?b", "a#b",
            "\u{e9}",
        ] {
            assert_eq!(refused(Version::HTTP_11, &[("Host", host)]), Some(400), "{host}");
            assert_eq!(refused(Version::HTTP_10, &[("Host", host)]), Some(400), "{host}");
        }
        for (version, wanted) in [(Version::HTTP_10, None), (Version::HTTP_11, Some(400))] {
            assert_eq!(refused(version, &[("Accept", "a")]), wanted);
            assert_eq!(refused(version, &[("Host", "a"), ("host", "a")]), Some(400));
        }
    }

    #[test]
    fn chunked_once_and_no_other_coding() {
        for (codings, wanted) in [
            (&["chunked"][..], None),
            (&["Chunked"], None),
            (&["chunked, "], None),
            (&["", "chunked"], None),
            (&["gzip, chunked"], Some(501)),
            (&["gzip", "chunked"], Some(501)),
            (&["chunked, gzip"], Some(501)),
            (&["identity"], Some(501)),
            (&["identity, chunked"], Some(501)),
            (&["chunked;q=1"], Some(501)),
            (&["chunked, chunked"], Some(400)),
            (&["chunked", "chunked"], Some(400)),
        ] {
            let lines = codings.iter().map(|coding| ("Transfer-Encoding", *coding));
            let lines: Vec<_> = lines.chain([("Host", "a")]).collect();
            assert_eq!(refused(Version::HTTP_11, &lines), wanted, "{codings:?}");
        }
    }
}
