use proptest::prelude::*;

use super::*;
use crate::dialect::oauth::uri::UriFault;

const BOTH: [ClientType; 2] = [ClientType::Public, ClientType::Confidential];

fn registered(text: &str) -> RedirectUri {
    RedirectUri::register(text, ClientType::Public).unwrap()
}

#[test]
fn oa_01_addresses_of_the_web_and_of_this_machine_are_for_all() {
    for text in [
        "https://app.example/callback",
        "https://app.example",
        "https://app.example:8443/a/../b//c?x=1&y[]=%20",
        "HTTPS://App.Example/",
        "https://192.0.2.1/",
        "https://[2001:db8::1]:1/",
        "http://127.0.0.1/",
        "http://127.0.0.1:8080/a",
        "http://[::1]:65535/a",
        "http://localhost",
        "http://localhost:1?a",
    ] {
        for client_type in BOTH {
            assert_eq!(RedirectUri::register(text, client_type), Ok(RedirectUri(text.to_owned())), "{text}");
        }
    }
}

#[test]
fn private_use_schemes_are_for_public_clients() {
    for text in
        ["com.example.app:/callback", "com.example.app:callback", "com.example.app://callback", "a.b:"]
    {
        assert!(RedirectUri::register(text, ClientType::Public).is_ok(), "{text}");
        let refused = RedirectUri::register(text, ClientType::Confidential);
        assert_eq!(refused, Err(RedirectUriFault::PrivateScheme), "{text}");
    }
}

#[test]
fn each_fault_is_told_apart() {
    for (text, fault) in [
        ("", UriFault::Empty.into()),
        ("/callback", UriFault::NoScheme.into()),
        ("app.example/callback", UriFault::NoScheme.into()),
        ("//app.example/callback", UriFault::NoScheme.into()),
        ("https://app.example/#", UriFault::Fragment.into()),
        ("https://app.example/#a", UriFault::Fragment.into()),
        ("https://app.example\\@evil.example/", UriFault::Backslash.into()),
        (" https://app.example/", UriFault::NotPlain.into()),
        ("https://app.example/ a", UriFault::NotPlain.into()),
        ("java\nscript:alert(1)", UriFault::NotPlain.into()),
        ("https://äpp.example/", UriFault::NotPlain.into()),
        ("https://app.example/<script>", UriFault::Character.into()),
        ("https://app.example/%zz", UriFault::Character.into()),
        ("javascript:alert(1)", RedirectUriFault::ForbiddenScheme),
        ("JavaScript://app.example/%0aalert(1)", RedirectUriFault::ForbiddenScheme),
        ("data:text/html,a", RedirectUriFault::ForbiddenScheme),
        ("file:///etc/passwd", RedirectUriFault::ForbiddenScheme),
        ("FILE:/etc/passwd", RedirectUriFault::ForbiddenScheme),
        ("myapp:/callback", RedirectUriFault::SchemeWithoutDot),
        ("ftp://app.example/", RedirectUriFault::SchemeWithoutDot),
        ("urn:ietf:wg:oauth:2.0:oob", RedirectUriFault::SchemeWithoutDot),
        ("about:blank", RedirectUriFault::SchemeWithoutDot),
        ("https://user@app.example/", RedirectUriFault::UserInfo),
        ("https://user:pass@app.example/", RedirectUriFault::UserInfo),
        ("https://@app.example/", RedirectUriFault::UserInfo),
        ("http://127.0.0.1@evil.example/", RedirectUriFault::UserInfo),
        ("http://localhost:80@evil.example/", RedirectUriFault::UserInfo),
        ("com.example.app://user@callback", RedirectUriFault::UserInfo),
        ("https:", RedirectUriFault::NoHost),
        ("https:app.example/", RedirectUriFault::NoHost),
        ("https:/app.example/", RedirectUriFault::NoHost),
        ("https:///app.example/", RedirectUriFault::NoHost),
        ("https://?a", RedirectUriFault::NoHost),
        ("https://:443/", RedirectUriFault::Host),
        ("https://a%2eexample/", RedirectUriFault::Host),
        ("https://.example/", RedirectUriFault::Host),
        ("https://*.example/", RedirectUriFault::Host),
        ("https://[::1/", RedirectUriFault::Host),
        ("https://[::1]a/", RedirectUriFault::Host),
        ("https://[v1.a]/", RedirectUriFault::Host),
        ("https://a,b/", RedirectUriFault::Host),
        ("https://app.example:/", RedirectUriFault::Port),
        ("https://app.example:0/", RedirectUriFault::Port),
        ("https://app.example:080/", RedirectUriFault::Port),
        ("https://app.example:65536/", RedirectUriFault::Port),
        ("https://app.example:+80/", RedirectUriFault::Port),
        ("https://app.example:80:80/", RedirectUriFault::Port),
        ("http://app.example/", RedirectUriFault::PlainHttp),
        ("http://127.0.0.2/", RedirectUriFault::PlainHttp),
        ("http://127.1/", RedirectUriFault::PlainHttp),
        ("http://[::ffff:127.0.0.1]/", RedirectUriFault::PlainHttp),
        ("http://localhost.evil.example/", RedirectUriFault::PlainHttp),
        ("http://LOCALHOST/", RedirectUriFault::PlainHttp),
    ] {
        for client_type in BOTH {
            assert_eq!(RedirectUri::register(text, client_type), Err(fault), "{text}");
        }
    }
}

#[test]
fn oa_01_every_byte_counts() {
    let own = registered("https://app.example/callback?a=b");
    assert!(own.matches("https://app.example/callback?a=b", ClientType::Public));
    for other in [
        "https://app.example/callback",
        "https://app.example/callback?a=b&c=d",
        "https://app.example/callback/?a=b",
        "https://app.example/Callback?a=b",
        "https://APP.example/callback?a=b",
        "https://app.example:443/callback?a=b",
        "https://app.example/x/../callback?a=b",
        "https://app.example/c%61llback?a=b",
        "http://app.example/callback?a=b",
        "https://app.example.evil.example/callback?a=b",
        "",
    ] {
        for client_type in BOTH {
            assert!(!own.matches(other, client_type), "{other}");
        }
    }
}

#[test]
fn oa_01_the_port_of_a_loopback_address_of_a_public_client_is_free() {
    for own in ["http://127.0.0.1/a?b", "http://127.0.0.1:8080/a?b", "http://[::1]/a?b", "http://[::1]:1/a?b"]
    {
        let host = if own.contains("[::1]") { "[::1]" } else { "127.0.0.1" };
        let own = registered(own);
        for port in ["", ":1", ":8080", ":65535"] {
            let presented = format!("http://{host}{port}/a?b");
            assert!(own.matches(&presented, ClientType::Public), "{presented}");
            assert_eq!(own.matches(&presented, ClientType::Confidential), own.as_str() == presented);
        }
        for rest in [
            ":0/a?b",
            ":/a?b",
            ":080/a?b",
            ":65536/a?b",
            ":-1/a?b",
            ":1/a",
            ":1/A?b",
            ":1/a?b#",
            ":1@evil.example/a?b",
            "@evil.example/a?b",
            ".evil.example/a?b",
            ":1:1/a?b",
        ] {
            assert!(!own.matches(&format!("http://{host}{rest}"), ClientType::Public), "{rest}");
        }
        for other in ["http://localhost:1/a?b", "https://127.0.0.1:1/a?b", "HTTP://127.0.0.1:1/a?b"] {
            assert!(!own.matches(other, ClientType::Public), "{other}");
        }
    }
    assert!(!registered("http://127.0.0.1/a").matches("http://[::1]:1/a", ClientType::Public));
}

#[test]
fn oa_01_the_port_of_localhost_is_free_only_where_it_was_registered_without_one() {
    let (without, with) = (registered("http://localhost/a"), registered("http://localhost:8080/a"));
    assert!(without.matches("http://localhost:9/a", ClientType::Public));
    assert!(!without.matches("http://localhost:9/a", ClientType::Confidential));
    assert!(with.matches("http://localhost:8080/a", ClientType::Public));
    for other in ["http://localhost/a", "http://localhost:9/a"] {
        assert!(!with.matches(other, ClientType::Public), "{other}");
    }
    assert!(!registered("https://localhost/a").matches("https://localhost:9/a", ClientType::Public));
}

#[test]
fn the_destination_is_the_address_of_the_request() {
    let all = ["https://app.example/", "http://127.0.0.1:1/a", "http://127.0.0.1:2/a", "http://[::1]/a"];
    let all = all.map(registered);
    for (presented, number, port) in [
        ("https://app.example/", 0, Port::AsRegistered),
        ("http://127.0.0.1:1/a", 1, Port::AsRegistered),
        ("http://127.0.0.1:2/a", 2, Port::AsRegistered),
        ("http://127.0.0.1:3/a", 1, Port::Other(3)),
        ("http://127.0.0.1/a", 1, Port::Omitted),
        ("http://[::1]:7/a", 3, Port::Other(7)),
    ] {
        let found = RedirectUri::find(&all, presented, ClientType::Public);
        assert_eq!(found, Some(Destination { number, port }), "{presented}");
        assert_eq!(all[number].at(port), presented);
    }
    assert_eq!(RedirectUri::find(&all, "https://app.example/a", ClientType::Public), None);
    assert_eq!(RedirectUri::find(&[], "https://app.example/", ClientType::Public), None);
}

#[test]
fn an_origin_is_written_as_browsers_do() {
    for (address, origin, shown) in [
        ("https://App.example/a?b", Some("https://app.example"), "App.example"),
        ("HTTPS://app.example:443", Some("https://app.example"), "app.example:443"),
        ("https://app.example:8443?a", Some("https://app.example:8443"), "app.example:8443"),
        ("http://localhost:80/", Some("http://localhost"), "localhost:80"),
        ("http://[::1]:8080/", Some("http://[::1]:8080"), "[::1]:8080"),
        ("com.example.app://host/a", None, "com.example.app"),
    ] {
        let own = registered(address);
        assert_eq!((own.origin().as_deref(), own.shown()), (origin, shown), "{address}");
    }
}

proptest! {
    /// OA-16: whatever is presented, it matches only if it is registered, but for the digits of a loopback port.
    #[test]
    fn only_the_port_may_differ(presented in "(http|https)://(127\\.0\\.0\\.1|\\[::1\\]|localhost)[:@.0-9a-z/?]{0,9}") {
        let all = ["http://127.0.0.1/a", "http://[::1]:1/", "http://localhost"].map(registered);
        if let Some(found) = RedirectUri::find(&all, &presented, ClientType::Public) {
            prop_assert_eq!(all[found.number].at(found.port), presented.clone());
            let again = RedirectUri::register(&presented, ClientType::Public);
            prop_assert_eq!(again, Ok(RedirectUri(presented)));
        }
    }
}
