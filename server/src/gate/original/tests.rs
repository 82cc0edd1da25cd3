use proptest::prelude::*;

use super::*;

fn said(lines: &[(&HeaderName, &[u8])]) -> Result<Option<String>, String> {
    let headers = lines.iter().copied().collect();
    one(&headers, &ADDRESS, local).map(|uri| uri.map(|uri| uri.to_string()))
}

#[test]
fn any_header_will_do_and_several_if_they_agree() {
    let [x_uri, x_url, x_forwarded] = &ADDRESS;
    let agreed = |lines: &[(&HeaderName, &[u8])]| said(lines).unwrap();
    assert_eq!(agreed(&[]), None);
    assert_eq!(agreed(&[(x_uri, b"/a?b")]).as_deref(), Some("/a?b"));
    assert_eq!(agreed(&[(x_forwarded, b"/a?b")]).as_deref(), Some("/a?b"));
    assert_eq!(agreed(&[(x_forwarded, b"/a"), (x_uri, b"/a")]).as_deref(), Some("/a"));
    assert_eq!(agreed(&[(x_url, b"https://shop.example:8443/a?b")]).as_deref(), Some("/a?b"));
    assert_eq!(agreed(&[(x_url, b"https://shop.example/a"), (x_uri, b"/a")]).as_deref(), Some("/a"));
    assert!(said(&[(x_forwarded, b"/a"), (x_uri, b"/b")]).is_err());
    assert!(said(&[(x_url, b"http://x/a"), (x_uri, b"/b")]).is_err());
    assert!(said(&[(x_uri, b"/a"), (x_uri, b"/b")]).is_err());
}

#[test]
fn an_address_is_bytes() {
    let read = |address: &[u8]| local(address).map(|uri| uri.to_string()).ok();
    let as_it_is = |address: &str| assert_eq!(read(address.as_bytes()).as_deref(), Some(address));
    as_it_is("/a?b=%20&c=%ZZ");
    as_it_is("/a/../b//c/./d?e=[f]&g='h'");
    for (raw, wanted) in [
        (&b"/caf\xc3\xa9?x=\xe9"[..], "/caf%C3%A9?x=%E9"),
        (b"/<a>?b=\"c\"`d e\\{|}^", "/%3Ca%3E?b=%22c%22%60d%20e%5C%7B%7C%7D%5E"),
        (b"/a\t\x01\x7f", "/a%09%01%7F"),
        (b"/a#b?c=d#e", "/a%23b?c=d%23e"),
        (b"*", "*"),
        (b"HTTP://shop.example/a?b", "/a?b"),
        (b"http://[2001:db8::1]:80", "/"),
    ] {
        assert_eq!(read(raw).as_deref(), Some(wanted), "{}", raw.escape_ascii());
    }
}

#[test]
fn what_is_no_address_is_none() {
    for raw in ["", "a b", "a/b", "?a=b", "http://x?tmp_key=a/b", "http://x#/b", "http://a@b/c", "ftp://x/a"]
    {
        assert_eq!(local(raw.as_bytes()).unwrap_err(), NO_ADDRESS, "{raw}");
    }
    let long = format!("/{}", "a".repeat(ADDRESS_BYTES_MAX));
    assert!(local(long.as_bytes()).unwrap_err().contains("8192"));
    // The limit counts bytes before encoding, which triples the length here.
    assert!(local(format!("/{}", "é".repeat(4095)).as_bytes()).is_ok());
}

proptest! {
    /// Any bytes after a slash are an address, and keep their meaning.
    #[test]
    fn every_byte_can_be_in_an_address(rest in prop::collection::vec(any::<u8>(), 0..60)) {
        let address = [b"/", &rest[..]].concat();
        let read = local(&address).unwrap();
        let decoded: Vec<u8> = percent_encoding::percent_decode_str(&read.to_string()).collect();
        let meant: Vec<u8> = percent_encoding::percent_decode(&address).collect();
        prop_assert_eq!(decoded, meant);
    }

    #[test]
    fn no_bytes_make_it_panic(address in any::<Vec<u8>>()) {
        drop(local(&address));
        drop(method(&address));
    }
}
