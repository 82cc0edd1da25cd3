use proptest::prelude::*;
use serde_json::{Map, Value, json};

use super::*;
use crate::dialect::oauth::parameters::ParameterFault;
use crate::http::NOTHING;

const CALLBACK: &str = "https://app.example/callback";
const CHALLENGE: &str = "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM";
/// A request without faults.
const USUAL: [(&str, &str); 5] = [
    ("response_type", "code"),
    ("client_id", "app"),
    ("redirect_uri", CALLBACK),
    ("code_challenge", CHALLENGE),
    ("code_challenge_method", "S256"),
];

fn configured() -> ConfiguredScopes {
    ConfiguredScopes::new([("read", "Read"), ("write", "Write"), ("admin", "Administer")]).unwrap()
}

fn client(more: Value) -> Metadata {
    let usual = json!({
        "redirect_uris": [CALLBACK],
        "scope": "offline_access read write",
        "allowed_resources": ["https://api.example"],
    });
    let (Value::Object(mut given), Value::Object(more)) = (usual, more) else { panic!("objects") };
    given.extend(more);
    Metadata::register(&Map::from_iter(given), &configured()).unwrap()
}

fn read_as(client: &Metadata, pairs: &[(&str, &str)]) -> Result<AuthorizationRequest, RequestFault> {
    AuthorizationRequest::read(&Parameters::of(pairs.iter().copied()), client, &configured())
}

/// The usual request, with these parameters instead of, or besides, its own.
fn asked(changes: &[(&str, &str)]) -> Result<AuthorizationRequest, RequestFault> {
    let kept = USUAL.into_iter().filter(|(name, _)| changes.iter().all(|(other, _)| other != name));
    let pairs: Vec<_> = kept.chain(changes.iter().copied()).collect();
    read_as(&client(json!({})), &pairs)
}

/// The word that the client is answered.
fn answer(changes: &[(&str, &str)]) -> &'static str {
    match asked(changes) {
        Err(RequestFault::Answer { destination, error, .. }) => {
            assert_eq!(destination.number, 0);
            error.code().word()
        }
        other => panic!("{changes:?}: {other:?}"),
    }
}

/// What the user is shown.
fn page(changes: &[(&str, &str)]) -> PageFault {
    match asked(changes) {
        Err(RequestFault::Page(fault)) => fault,
        other => panic!("{changes:?}: {other:?}"),
    }
}

#[test]
fn a_usual_request_is_read() {
    let request = asked(&[
        ("scope", "write read"),
        ("state", "xyz"),
        ("resource", "https://api.example"),
        ("prompt", "login consent"),
        ("max_age", "60"),
        ("login_hint", "alice"),
        ("response_mode", "query"),
    ]);
    let request = request.unwrap();
    assert_eq!(request.destination, Destination { number: 0, port: Port::AsRegistered });
    assert_eq!(
        (request.scopes.to_string(), request.state.as_deref()),
        ("read write".to_owned(), Some("xyz"))
    );
    assert_eq!(request.resource.map(|it| it.as_str().to_owned()).as_deref(), Some("https://api.example"));
    assert!(request.challenge.is_some() && request.prompt.login && request.prompt.consent);
    assert_eq!((request.max_age_secs, request.login_hint.as_deref()), (Some(60), Some("alice")));
}

#[test]
fn what_is_not_said_has_its_default() {
    let request = asked(&[]).unwrap();
    assert_eq!(request.scopes.to_string(), "read write");
    assert_eq!(
        (request.state, request.resource, request.max_age_secs, request.login_hint),
        (None, None, None, None)
    );
    assert_eq!(request.prompt, Prompt::default());
    let offline = asked(&[("scope", "offline_access read")]).unwrap();
    assert!(offline.is_offline() && !asked(&[]).unwrap().is_offline());
}

#[test]
fn oa_02_faults_of_the_client_or_its_address_are_a_page() {
    for (changes, fault) in [
        (vec![("redirect_uri", "https://evil.example/")], PageFault::NotRegistered),
        (vec![("redirect_uri", "https://app.example/callback/")], PageFault::NotRegistered),
        (vec![("redirect_uri", NOTHING)], ParameterFault::Unreadable("redirect_uri").into()),
        (
            vec![("redirect_uri", CALLBACK), ("redirect_uri", CALLBACK)],
            ParameterFault::Repeated("redirect_uri").into(),
        ),
        (vec![("response_mode", "fragment")], PageFault::ResponseMode),
        (vec![("response_mode", "form_post")], PageFault::ResponseMode),
        // Whatever else is wrong.
        (
            vec![("redirect_uri", "https://evil.example/"), ("response_type", "token")],
            PageFault::NotRegistered,
        ),
    ] {
        assert_eq!(page(&changes), fault, "{changes:?}");
    }
    let id = |pairs: &[(&str, &str)]| client_id(&Parameters::of(pairs.iter().copied())).map(str::to_owned);
    assert_eq!(id(&USUAL), Ok("app".to_owned()));
    assert_eq!(id(&[]), Err(PageFault::Missing("client_id")));
    assert_eq!(id(&[("client_id", "")]), Err(PageFault::Missing("client_id")));
    let twice = id(&[("client_id", "app"), ("client_id", "app")]);
    assert_eq!(twice, Err(ParameterFault::Repeated("client_id").into()));
}

#[test]
fn oa_02_other_faults_are_answered_to_the_client() {
    for (changes, word) in [
        (vec![("response_type", "")], "invalid_request"),
        (vec![("response_type", "token")], "unsupported_response_type"),
        (vec![("response_type", "code token")], "unsupported_response_type"),
        (vec![("response_type", "code"), ("response_type", "code")], "invalid_request"),
        (vec![("code_challenge", ""), ("code_challenge_method", "")], "invalid_request"),
        (vec![("code_challenge_method", "")], "invalid_request"),
        (vec![("code_challenge_method", "plain")], "invalid_request"),
        (vec![("code_challenge", "short")], "invalid_request"),
        (vec![("scope", "admin")], "invalid_scope"),
        (vec![("scope", "unknown")], "invalid_scope"),
        (vec![("scope", "read  write")], "invalid_scope"),
        (vec![("scope", "read"), ("scope", "write")], "invalid_request"),
        (vec![("resource", "https://else.example")], "invalid_target"),
        (vec![("resource", "api")], "invalid_target"),
        (vec![("resource", "https://api.example"), ("resource", "https://api.example")], "invalid_target"),
        (vec![("prompt", "none login")], "invalid_request"),
        (vec![("prompt", "unknown")], "invalid_request"),
        (vec![("max_age", "-1")], "invalid_request"),
        (vec![("max_age", "1.5")], "invalid_request"),
        (vec![("max_age", "+1")], "invalid_request"),
        (vec![("login_hint", NOTHING)], "invalid_request"),
        (vec![("login_hint", &*"a".repeat(LOGIN_HINT_BYTES_MAX + 1))], "invalid_request"),
    ] {
        assert_eq!(answer(&changes), word, "{changes:?}");
    }
}

#[test]
fn oa_03_empty_is_absent_and_unknown_is_ignored() {
    let usual = asked(&[]);
    for changes in [
        vec![("scope", "")],
        vec![("state", ""), ("prompt", ""), ("max_age", ""), ("resource", ""), ("login_hint", "")],
        vec![
            ("display", "page"),
            ("display", "popup"),
            ("ui_locales", "de"),
            ("acr_values", "1"),
            ("x", NOTHING),
        ],
    ] {
        assert_eq!(asked(&changes), usual, "{changes:?}");
    }
    assert_eq!(asked(&[("scope", ""), ("scope", "read")]), asked(&[("scope", "read")]));
}

#[test]
fn oa_24_the_state_comes_back_on_errors_too() {
    let longest = "\u{e9}".repeat(STATE_BYTES_MAX / 2);
    for state in ["xyz", " &=#%\"<>\u{e9}\r\n", &longest] {
        assert_eq!(asked(&[("state", state)]).unwrap().state.as_deref(), Some(state));
        let Err(RequestFault::Answer { state: told, .. }) = asked(&[("state", state), ("scope", "admin")])
        else {
            panic!("an answer")
        };
        assert_eq!(told.as_deref(), Some(state));
    }
}

#[test]
fn a_state_that_is_at_fault_does_not_come_back() {
    let long = "a".repeat(STATE_BYTES_MAX + 1);
    for changes in [vec![("state", "a"), ("state", "b")], vec![("state", &*long)], vec![("state", NOTHING)]] {
        let Err(RequestFault::Answer { state, error, .. }) = asked(&changes) else { panic!("an answer") };
        assert_eq!((state, error.code()), (None, ErrorCode::InvalidRequest));
    }
}

#[test]
fn the_only_address_need_not_be_named() {
    let without: Vec<_> = USUAL.into_iter().filter(|(name, _)| *name != "redirect_uri").collect();
    let number = |client: &Metadata| read_as(client, &without).map(|request| request.destination.number);
    assert_eq!(number(&client(json!({}))), Ok(0));
    let two = client(json!({"redirect_uris": [CALLBACK, "https://app.example/other"]}));
    assert_eq!(number(&two), Err(PageFault::Missing("redirect_uri").into()));
}

#[test]
fn a_client_without_this_grant_is_answered_so() {
    let program = client(json!({"grant_types": ["client_credentials"]}));
    let Err(RequestFault::Answer { error, .. }) = read_as(&program, &USUAL) else { panic!("an answer") };
    assert_eq!(error.code(), ErrorCode::UnauthorizedClient);
}

#[test]
fn oa_04_a_client_may_be_let_off_pkce() {
    let without: Vec<_> = USUAL.into_iter().filter(|(name, _)| !name.starts_with("code_")).collect();
    let let_off = client(json!({"require_pkce": false}));
    assert_eq!(read_as(&let_off, &without).map(|request| request.challenge), Ok(None));
    assert!(read_as(&let_off, &USUAL).unwrap().challenge.is_some());
    assert!(read_as(&client(json!({})), &without).is_err());
}

#[test]
fn any_number_of_seconds_is_a_max_age() {
    for (text, secs) in [("0", 0), ("007", 7), ("99999999999999999999999", u64::MAX)] {
        assert_eq!(asked(&[("max_age", text)]).unwrap().max_age_secs, Some(secs));
    }
}

proptest! {
    /// OA-16: whatever the parameters, an answer goes to an address of the client, and only where its own was named.
    #[test]
    fn no_answer_goes_anywhere_else(pairs in prop::collection::vec(pair(), 0..8)) {
        let client = client(json!({"redirect_uris": [CALLBACK, "http://127.0.0.1/a"], "token_endpoint_auth_method": "none"}));
        let pairs: Vec<_> = pairs.iter().map(|(name, value)| (&**name, &**value)).collect();
        let parameters = Parameters::of(pairs.iter().copied());
        let destination = match AuthorizationRequest::read(&parameters, &client, &configured()) {
            Ok(request) => {
                prop_assert!(request.scopes.are_within(&client.scopes(&configured())));
                prop_assert!(request.challenge.is_some());
                request.destination
            }
            Err(RequestFault::Answer { destination, .. }) => destination,
            Err(RequestFault::Page(fault)) => {
                prop_assert!(!fault.text().is_empty());
                return Ok(());
            }
        };
        let address = client.redirect_uris[destination.number].at(destination.port);
        prop_assert_eq!(parameters.one("redirect_uri"), Ok(Some(&*address)));
    }
}

fn pair() -> impl Strategy<Value = (String, String)> {
    let names = USUAL.map(|(name, _)| name.to_owned()).to_vec();
    let names =
        prop_oneof![prop::sample::select(names), "(scope|state|prompt|max_age|resource|response_mode)"];
    let values = USUAL.map(|(_, value)| value.to_owned()).to_vec();
    (
        names,
        prop_oneof![
            prop::sample::select(values),
            "http://127\\.0\\.0\\.1:[0-9]{1,3}/a",
            "query|read|none|",
            any::<String>()
        ],
    )
}
