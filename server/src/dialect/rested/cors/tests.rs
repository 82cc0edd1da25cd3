use super::*;

const GOOD: &str = "https://good.example";

fn project(allowed: &[&str], require_origin: bool) -> Project {
    let allowed_origins = allowed.iter().map(|&origin| origin.to_owned()).collect();
    let (key, any_origin, endpoints) = (String::new(), false, Vec::new());
    Project { key, allowed_origins, any_origin, require_origin, endpoints }
}

fn any_origin() -> Project {
    let (key, allowed_origins, endpoints) = (String::new(), Vec::new(), Vec::new());
    Project { key, allowed_origins, any_origin: true, require_origin: false, endpoints }
}

fn origin(stated: &[&[u8]], settings: &Project) -> Origin {
    let headers = stated.iter().map(|value| (ORIGIN, value)).collect();
    Origin::of(&headers, Some(settings))
}

#[test]
fn an_origin_is_allowed_letter_for_letter() {
    let listed = project(&[GOOD, "http://localhost:3000"], false);
    for allowed in [GOOD, "http://localhost:3000"] {
        let same = Origin::Allowed(allowed.to_owned());
        assert_eq!(origin(&[allowed.as_bytes()], &listed), same);
    }
    for other in [
        "http://good.example",
        "https://good.example:443",
        "https://good.example.evil",
        "https://evil.good.example",
        "https://GOOD.example",
        "https://good.example/",
        "null",
        "*",
        "",
    ] {
        assert_eq!(origin(&[other.as_bytes()], &listed), Origin::Refused, "{other}");
    }
}

#[test]
fn an_origin_may_be_listed_otherwise_than_browsers_write_it() {
    for (listed, stated, allowed) in [
        ("https://GOOD.Example", GOOD, true),
        ("https://good.example:443", GOOD, true),
        ("https://good.example:443", "https://good.example:443", true),
        ("http://good.example:80", "http://good.example", true),
        ("https://[2001:DB8::1]:443", "https://[2001:db8::1]", true),
        ("https://good.example:80", GOOD, false),
        ("http://good.example:443", "http://good.example", false),
        ("https://good.example:8443", GOOD, false),
        ("https://*.example", GOOD, false),
    ] {
        let found = origin(&[stated.as_bytes()], &project(&[listed], false));
        assert_eq!(matches!(found, Origin::Allowed(_)), allowed, "{listed} {stated}");
    }
}

#[test]
fn an_empty_list_allows_no_page() {
    let closed = project(&[], false);
    for origin in
        [b"https://anywhere.example".as_slice(), b"capacitor://localhost", b"null", b"", b"\xff://x"]
    {
        assert_eq!(super::tests::origin(&[origin], &closed), Origin::Refused);
    }
    assert_eq!(origin(&[], &closed), Origin::None);
}

#[test]
fn any_origin_is_every_page_that_has_a_name() {
    let open = any_origin();
    assert!(matches!(origin(&[b"https://anywhere.example"], &open), Origin::Allowed(_)));
    assert!(matches!(origin(&[b"capacitor://localhost"], &open), Origin::Allowed(_)));
    for nameless in [b"null".as_slice(), b"", b"\xff://x"] {
        assert_eq!(origin(&[nameless], &open), Origin::Refused);
    }
}

#[test]
fn two_origins_are_none_that_is_allowed() {
    let good = GOOD.as_bytes();
    assert_eq!(origin(&[good, good], &project(&[GOOD], false)), Origin::Refused);
}

#[test]
fn no_origin_is_a_program_unless_the_project_insists() {
    assert_eq!(origin(&[], &project(&[GOOD], false)), Origin::None);
    assert_eq!(origin(&[], &project(&[], true)), Origin::Missing);
    assert_eq!(Origin::of(&Headers::new(), None), Origin::Unjudged);
}

#[test]
fn only_an_allowed_origin_is_told_anything() {
    for unmarked in [Origin::Unjudged, Origin::None, Origin::Missing, Origin::Refused] {
        let mut headers = Headers::new();
        unmarked.mark(&mut headers);
        unmarked.mark_preflight(&mut headers);
        let names: Vec<_> = headers.iter().map(|(name, _)| name).collect();
        assert_eq!(names, [b"vary"], "{unmarked:?}");
    }
    let mut headers = Headers::new();
    Origin::Allowed(GOOD.to_owned()).mark(&mut headers);
    assert_eq!(headers.one(&ACCESS_CONTROL_ALLOW_ORIGIN), Some(GOOD));
    assert_eq!(headers.one(&ACCESS_CONTROL_ALLOW_CREDENTIALS), Some("true"));
    assert_eq!(headers.one(&ACCESS_CONTROL_EXPOSE_HEADERS), Some("Authorization"));
    assert_eq!(headers.one(&VARY), Some("Origin"));
}
