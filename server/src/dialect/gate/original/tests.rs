use proptest::prelude::*;

use super::*;

fn read(path: &str) -> Option<(&str, bool, Option<&str>)> {
    Question::read(path, None).map(|question| (question.dialect, question.refusal, question.call))
}

#[test]
fn a_path_names_a_dialect_and_what_is_asked() {
    for (path, wanted) in [
        ("/v1/gate", ("native", false, None)),
        ("/v1/gate/refusal", ("native", true, None)),
        ("/v1/gate/native", ("native", false, None)),
        ("/v1/gate/runsignup", ("runsignup", false, None)),
        ("/v1/gate/runsignup/refusal", ("runsignup", true, None)),
        ("/v1/gate/runsignup/call/rest/user", ("runsignup", false, Some("/rest/user"))),
        ("/v1/gate/runsignup/call/refusal", ("runsignup", false, Some("/refusal"))),
        ("/v1/gate/runsignup/call/", ("runsignup", false, Some("/"))),
        ("/v1/gate/", ("", false, None)),
        ("/v1/gate/runsignup/refusal/x", ("", false, None)),
        ("/v1/gate/runsignup/call", ("", false, None)),
        ("/v1/gate/runsignup/x", ("", false, None)),
    ] {
        assert_eq!(read(path), Some(wanted), "{path}");
    }
    for path in ["", "/v1", "/v1/gates", "/v1/check", "/session/ping"] {
        assert_eq!(read(path), None, "{path}");
    }
}

#[test]
fn a_realm_stands_behind_the_name() {
    let read = |path| {
        Question::read(path, None).map(|question| (question.dialect, question.refusal, question.realm))
    };
    assert_eq!(read("/v1/gate/native@shop"), Some(("native", false, Some("shop"))));
    assert_eq!(read("/v1/gate/native@shop/refusal"), Some(("native", true, Some("shop"))));
    assert_eq!(read("/v1/gate/native"), Some(("native", false, None)));
}

#[test]
fn a_client_stands_behind_that() {
    let read = |path| {
        let read = Question::read(path, None);
        read.map(|question| (question.dialect, question.refusal, question.realm, question.client))
    };
    assert_eq!(read("/v1/gate/rested:ab"), Some(("rested", false, None, Some("ab"))));
    assert_eq!(read("/v1/gate/native@shop:ab/refusal"), Some(("native", true, Some("shop"), Some("ab"))));
    assert_eq!(read("/v1/gate/rested:ab/call/x"), Some(("rested", false, None, Some("ab"))));
    assert_eq!(read("/v1/gate/rested:"), Some(("rested", false, None, Some(""))));
    assert_eq!(read("/v1/gate/rested"), Some(("rested", false, None, None)));
}

fn said(lines: &[(&HeaderName, &str)]) -> Result<Option<String>> {
    let headers = lines.iter().copied().collect();
    one(&headers, &ADDRESS).map(|text| text.map(str::to_owned))
}

#[test]
fn either_header_will_do_and_both_if_they_agree() {
    let [x_original, x_forwarded] = &ADDRESS;
    assert_eq!(said(&[]).unwrap(), None);
    assert_eq!(said(&[(x_original, "/a?b")]).unwrap().as_deref(), Some("/a?b"));
    assert_eq!(said(&[(x_forwarded, "/a?b")]).unwrap().as_deref(), Some("/a?b"));
    assert_eq!(said(&[(x_forwarded, "/a"), (x_original, "/a")]).unwrap().as_deref(), Some("/a"));
    assert!(said(&[(x_forwarded, "/a"), (x_original, "/b")]).is_err());
}

#[test]
fn an_address_has_a_form_and_a_limit() {
    assert_eq!(parsed("/a?b=%20").unwrap().query(), Some("b=%20"));
    assert_eq!(parsed("http://shop.example/a?b").unwrap().path(), "/a");
    assert!(parsed("/a b").is_err());
    assert!(parsed("").is_err());
    assert!(parsed(&format!("/{}", "a".repeat(ADDRESS_BYTES_MAX))).is_err());
}

proptest! {
    #[test]
    fn no_text_makes_it_panic(path in ".{0,40}", address in ".{0,40}") {
        read(&path);
        read(&format!("/v1/gate/{path}"));
        let _parsed = parsed(&address);
    }

    /// Some refusals are answered 200, so no caller may get one by what they call.
    #[test]
    fn what_is_called_is_never_the_refusal(called in "[a-z/@.?%]{0,20}") {
        let path = format!("/v1/gate/runsignup/call/{called}");
        prop_assert_eq!(read(&path).map(|(_, refusal, _)| refusal), Some(false));
    }
}
