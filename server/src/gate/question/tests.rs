use proptest::prelude::*;

use super::*;

fn read(path: &str) -> Option<(&str, bool, Option<&str>)> {
    GatePath::read(path, None).map(|question| (question.dialect, question.refusal(), question.call))
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
        ("/v1/gate/runsignup/form/call/form/refusal", ("runsignup", false, Some("/form/refusal"))),
        ("/v1/gate/", ("", false, None)),
        ("/v1/gate/runsignup/refusal/x", ("", false, None)),
        ("/v1/gate/runsignup/refusal/form", ("", false, None)),
        ("/v1/gate/runsignup/call", ("", false, None)),
        ("/v1/gate/runsignup/x", ("", false, None)),
        ("/v1/gate/runsignup/form/", ("", false, None)),
        ("/v1/gate/runsignup/form/form", ("", false, None)),
        ("/v1/gate/runsignup/form/form-in-query", ("", false, None)),
        ("/v1/gate/runsignup/preflights/preflights", ("", false, None)),
    ] {
        assert_eq!(read(path), Some(wanted), "{path}");
    }
    for path in ["", "/v1", "/v1/gates", "/v1/check", "/session/ping"] {
        assert_eq!(read(path), None, "{path}");
    }
}

#[test]
fn words_behind_the_name_say_what_the_gateway_hands_on() {
    let read = |path| {
        let question = GatePath::read(path, None).unwrap();
        (question.dialect, question.form(), question.preflights(), question.refusal())
    };
    assert_eq!(read("/v1/gate/videntity"), ("videntity", FormPlace::Nowhere, false, false));
    assert_eq!(read("/v1/gate/videntity/form"), ("videntity", FormPlace::Body, false, false));
    assert_eq!(read("/v1/gate/videntity/form/refusal"), ("videntity", FormPlace::Body, false, true));
    assert_eq!(read("/v1/gate/runsignup/form-in-query"), ("runsignup", FormPlace::Query, false, false));
    assert_eq!(read("/v1/gate/native/preflights"), ("native", FormPlace::Nowhere, true, false));
    let both = ("runsignup", FormPlace::Body, true, true);
    assert_eq!(read("/v1/gate/runsignup/form/preflights/refusal"), both);
    assert_eq!(read("/v1/gate/runsignup/preflights/form/refusal"), both);
}

#[test]
fn a_realm_stands_behind_the_name() {
    let read = |path| {
        GatePath::read(path, None).map(|question| (question.dialect, question.refusal(), question.realm))
    };
    assert_eq!(read("/v1/gate/native@shop"), Some(("native", false, Some("shop"))));
    assert_eq!(read("/v1/gate/native@shop/refusal"), Some(("native", true, Some("shop"))));
    assert_eq!(read("/v1/gate/native"), Some(("native", false, None)));
}

#[test]
fn a_client_stands_behind_that() {
    let read = |path| {
        let read = GatePath::read(path, None);
        read.map(|question| (question.dialect, question.refusal(), question.realm, question.client))
    };
    assert_eq!(read("/v1/gate/rested:ab"), Some(("rested", false, None, Some("ab"))));
    assert_eq!(read("/v1/gate/native@shop:ab/refusal"), Some(("native", true, Some("shop"), Some("ab"))));
    assert_eq!(read("/v1/gate/rested:ab/call/x"), Some(("rested", false, None, Some("ab"))));
    assert_eq!(read("/v1/gate/rested:ab/preflights"), Some(("rested", false, None, Some("ab"))));
    assert_eq!(read("/v1/gate/rested:"), Some(("rested", false, None, Some(""))));
    assert_eq!(read("/v1/gate/rested"), Some(("rested", false, None, None)));
}

#[test]
fn the_router_hands_on_what_it_read() {
    for path in [
        "/v1/gate",
        "/v1/gate/refusal",
        "/v1/gate/native@shop:ab/form/preflights/refusal",
        "/v1/gate/runsignup/form-in-query/call/rest/user",
        "/v1/gate/native@",
    ] {
        let uri: Uri = format!("/mounted{path}?tmp_key=x").parse().unwrap();
        let question = GatePath::read(&uri.path()["/mounted".len()..], uri.query()).unwrap();
        assert_eq!(GatePath::matched(&question.segments(uri.path()), &uri), question, "{path}");
    }
}

proptest! {
    #[test]
    fn no_text_makes_it_panic(path in ".{0,40}") {
        read(&path);
        read(&format!("/v1/gate/{path}"));
    }

    /// Some refusals have status 200, so no path of a caller may select one.
    #[test]
    fn what_is_called_is_never_the_refusal(called in "[a-z/@.?%]{0,20}", form in "(/form)?(/preflights)?") {
        let path = format!("/v1/gate/runsignup{form}/call/{called}");
        prop_assert_eq!(read(&path).map(|(_, refusal, _)| refusal), Some(false));
    }
}
