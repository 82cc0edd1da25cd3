use super::*;

const GOOD: &str = "https://good.example";

fn project(allowed: &[&str], require_origin: bool) -> Settings {
    let allowed_origins = allowed.iter().map(|&origin| origin.to_owned()).collect();
    Settings::Project { key: String::new(), allowed_origins, require_origin, endpoints: Vec::new() }
}

fn origin(stated: &[&[u8]], settings: &Settings) -> Origin {
    let headers = stated.iter().map(|value| (ORIGIN, HeaderValue::from_bytes(value).unwrap())).collect();
    Origin::of(&headers, Some(settings))
}

#[test]
fn an_origin_is_allowed_letter_for_letter() {
    let listed = project(&[GOOD, "http://localhost:3000"], false);
    for allowed in [GOOD, "http://localhost:3000"] {
        let value = HeaderValue::from_str(allowed).unwrap();
        assert_eq!(origin(&[allowed.as_bytes()], &listed), Origin::Allowed(value), "{allowed}");
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
fn an_empty_list_allows_every_page_that_has_a_name() {
    let open = project(&[], false);
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
    assert_eq!(Origin::of(&HeaderMap::new(), None), Origin::Unjudged);
}

#[test]
fn only_an_allowed_origin_is_told_anything() {
    for unmarked in [Origin::Unjudged, Origin::None, Origin::Missing, Origin::Refused] {
        let mut headers = HeaderMap::new();
        unmarked.mark(&mut headers);
        unmarked.mark_preflight(&mut headers);
        let names: Vec<_> = headers.keys().collect();
        assert_eq!(names, [VARY], "{unmarked:?}");
    }
    let mut headers = HeaderMap::new();
    Origin::Allowed(HeaderValue::from_static(GOOD)).mark(&mut headers);
    assert_eq!(headers[ACCESS_CONTROL_ALLOW_ORIGIN], GOOD);
    assert_eq!(headers[ACCESS_CONTROL_ALLOW_CREDENTIALS], "true");
    assert_eq!(headers[ACCESS_CONTROL_EXPOSE_HEADERS], "Authorization");
    assert_eq!(headers[VARY], "Origin");
}
