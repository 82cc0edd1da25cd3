use serde_json::json;

use super::*;
use crate::error::{Error, Kind};

fn configured() -> ConfiguredScopes {
    ConfiguredScopes::new([("read", "Read"), ("write", "Write")]).unwrap()
}

fn members(value: Value) -> Map<String, Value> {
    let Value::Object(members) = value else { panic!("an object") };
    members
}

fn register(value: Value) -> Result<Metadata, MetadataFaults> {
    Metadata::register(&members(value), &configured())
}

/// A usual client of the web, with more members.
fn web(more: Value) -> Result<Metadata, MetadataFaults> {
    let mut given = members(json!({ "redirect_uris": ["https://app.example/callback"] }));
    given.extend(members(more));
    Metadata::register(&given, &configured())
}

/// The members at fault, in order.
fn faulty(read: Result<Metadata, MetadataFaults>) -> Vec<&'static str> {
    read.err().map_or(Vec::new(), |faults| faults.iter().map(|fault| fault.member).collect())
}

#[test]
fn defaults_are_those_of_the_documents() {
    let shown = web(json!({})).unwrap().shown(&configured());
    assert_eq!(
        Value::Object(shown),
        json!({
            "redirect_uris": ["https://app.example/callback"],
            "token_endpoint_auth_method": "client_secret_basic",
            "grant_types": ["authorization_code"],
            "response_types": ["code"],
            "scope": "read write",
            "require_pkce": true,
            "resource": null,
            "allowed_resources": [],
            "consent": "once",
            "access_secs": 600,
            "refresh_again_secs": 10,
            "allowed_origins": [],
            "slides_parent": true,
            "introspect": false,
        })
    );
}

#[test]
fn every_member_is_kept_shown_and_read_again() {
    let given = json!({
        "redirect_uris": ["https://app.example/?a=b", "http://localhost:1/"],
        "token_endpoint_auth_method": "client_secret_post",
        "grant_types": ["authorization_code", "refresh_token", "client_credentials"],
        "response_types": ["code"],
        "scope": "offline_access read",
        "require_pkce": false,
        "resource": "https://api.example",
        "allowed_resources": ["urn:a:b", "https://api.example"],
        "consent": "never",
        "access_secs": 1,
        "refresh_again_secs": 0,
        "allowed_origins": ["https://app.example"],
        "slides_parent": false,
        "introspect": true,
    });
    let read = register(given.clone()).unwrap();
    let shown = read.shown(&configured());
    assert_eq!(Value::Object(shown.clone()), given);
    let mut names: Vec<&str> = shown.keys().map(String::as_str).collect();
    let mut listed = MEMBERS.to_vec();
    names.sort_unstable();
    listed.sort_unstable();
    assert_eq!(names, listed);
    assert_eq!(Metadata::register(&shown, &configured()).unwrap(), read);
    let stored = serde_json::to_string(&read).unwrap();
    assert_eq!(serde_json::from_str::<Metadata>(&stored).unwrap(), read);
}

/// A later version may have more members than what an earlier one stored.
#[test]
fn what_is_not_stored_has_its_default() {
    assert_eq!(serde_json::from_str::<Metadata>("{}").unwrap(), Metadata::default());
}

#[test]
fn the_method_says_whether_there_is_a_secret() {
    for (given, client_type) in [
        (json!({}), ClientType::Confidential),
        (json!({"token_endpoint_auth_method": null}), ClientType::Confidential),
        (json!({"token_endpoint_auth_method": "client_secret_basic"}), ClientType::Confidential),
        (json!({"token_endpoint_auth_method": "client_secret_post"}), ClientType::Confidential),
        (json!({"token_endpoint_auth_method": "none"}), ClientType::Public),
    ] {
        assert_eq!(web(given).unwrap().client_type(), client_type);
    }
    for wrong in [json!("private_key_jwt"), json!("None"), json!(""), json!(1), json!([])] {
        assert_eq!(faulty(web(json!({"token_endpoint_auth_method": wrong}))), ["token_endpoint_auth_method"]);
    }
}

#[test]
fn each_fault_names_its_member() {
    for (given, member) in [
        (json!({"redirect_uris": []}), "redirect_uris"),
        (json!({"redirect_uris": null}), "redirect_uris"),
        (json!({"redirect_uris": "https://app.example/"}), "redirect_uris"),
        (json!({"redirect_uris": ["https://app.example/", 1]}), "redirect_uris"),
        (json!({"redirect_uris": ["javascript:alert(1)"]}), "redirect_uris"),
        (json!({"redirect_uris": ["com.example.app:/"]}), "redirect_uris"),
        (json!({"grant_types": []}), "grant_types"),
        (json!({"grant_types": ["password"]}), "grant_types"),
        (json!({"grant_types": ["implicit", "authorization_code"]}), "grant_types"),
        (json!({"grant_types": ["refresh_token"]}), "grant_types"),
        (json!({"grant_types": "authorization_code"}), "grant_types"),
        (json!({"response_types": ["token"]}), "response_types"),
        (json!({"response_types": []}), "response_types"),
        (json!({"response_types": ["code"], "grant_types": ["client_credentials"]}), "response_types"),
        (json!({"scope": "admin"}), "scope"),
        (json!({"scope": "read  write"}), "scope"),
        (json!({"scope": ["read"]}), "scope"),
        (json!({"scope": ""}), "scope"),
        (json!({"require_pkce": "yes"}), "require_pkce"),
        (json!({"resource": "api"}), "resource"),
        (json!({"resource": "https://api.example/#a"}), "resource"),
        (json!({"resource": ["https://api.example"]}), "resource"),
        (json!({"allowed_resources": ["https://api.example", "api"]}), "allowed_resources"),
        (json!({"consent": "sometimes"}), "consent"),
        (json!({"access_secs": 0}), "access_secs"),
        (json!({"access_secs": 86_401}), "access_secs"),
        (json!({"access_secs": -1}), "access_secs"),
        (json!({"access_secs": "never"}), "access_secs"),
        (json!({"access_secs": true}), "access_secs"),
        (json!({"refresh_again_secs": 61}), "refresh_again_secs"),
        (json!({"allowed_origins": ["https://app.example/"]}), "allowed_origins"),
        (json!({"allowed_origins": ["null"]}), "allowed_origins"),
        (json!({"slides_parent": 1}), "slides_parent"),
        (json!({"introspect": "true"}), "introspect"),
    ] {
        let faults = web(given.clone()).expect_err(&given.to_string());
        assert_eq!(faults.iter().map(|fault| fault.member).collect::<Vec<_>>(), [member], "{given}");
        let error = Error::from(faults);
        assert_eq!(error.kind(), Kind::Malformed(member));
        assert!(error.public().starts_with(member), "{error}");
    }
}

#[test]
fn all_faults_are_told_each_with_its_place() {
    let faults = register(json!({
        "redirect_uris": ["https://app.example/", "http://app.example/", "x"],
        "scope": "admin",
        "access_secs": 0,
    }));
    let faults = faults.unwrap_err();
    let told: Vec<_> = faults.iter().map(|fault| (fault.member, fault.place)).collect();
    let expected =
        [("redirect_uris", Some(1)), ("redirect_uris", Some(2)), ("scope", None), ("access_secs", None)];
    assert_eq!(told, expected);
    assert!(Error::from(faults).public().starts_with("redirect_uris[1]: "));
}

#[test]
fn a_fault_does_not_quote_what_may_be_a_secret() {
    for member in MEMBERS {
        let given = members(json!({ member: { "client_secret": "hunter2hunter2" } }));
        let faults = Metadata::register(&given, &configured()).unwrap_err();
        assert!(faults.iter().any(|fault| fault.member == member), "{member}");
        assert!(faults.iter().all(|fault| !fault.text.contains("hunter2")), "{member}");
    }
}

#[test]
fn oa_04_a_public_client_must_use_pkce_and_has_no_credentials() {
    let public = |more: Value| {
        let mut given = members(json!({ "token_endpoint_auth_method": "none" }));
        given.extend(members(more));
        web(Value::Object(given))
    };
    assert!(public(json!({})).is_ok());
    assert_eq!(faulty(public(json!({"require_pkce": false}))), ["require_pkce"]);
    assert_eq!(faulty(public(json!({"introspect": true}))), ["introspect"]);
    let grants = json!({"grant_types": ["authorization_code", "client_credentials"]});
    assert_eq!(faulty(public(grants)), ["grant_types"]);
    assert!(public(json!({"redirect_uris": ["com.example.app:/"]})).is_ok());
}

#[test]
fn a_program_needs_no_redirect_address() {
    let program = register(json!({ "grant_types": ["client_credentials"] })).unwrap();
    assert!(program.may(GrantType::ClientCredentials) && !program.may(GrantType::RefreshToken));
    assert_eq!(program.shown(&configured())["response_types"], json!([]));
}

#[test]
fn dcr_04_unknown_members_are_ignored() {
    assert_eq!(web(json!({"logo_uri": 1, "software_id": "x"})), web(json!({})));
}

#[test]
fn whole_numbers_may_be_written_with_a_fraction_of_zero() {
    assert_eq!(web(json!({"access_secs": 169.0})).map(|it| it.access_secs), Ok(169));
}

#[test]
fn lists_are_bounded_and_without_repetition() {
    let many =
        |count: usize| -> Vec<String> { (0..count).map(|it| format!("https://a.example/{it}")).collect() };
    assert!(web(json!({ "redirect_uris": many(LIST_MAX) })).is_ok());
    assert!(faulty(web(json!({ "redirect_uris": many(LIST_MAX + 1) }))).contains(&"redirect_uris"));
    let twice = web(json!({"redirect_uris": ["https://a.example/", "https://a.example/"]})).unwrap();
    assert_eq!(twice.redirect_uris.len(), 1);
}

#[test]
fn a_change_keeps_what_it_does_not_name_and_null_is_the_default() {
    let before = web(json!({"scope": "read", "access_secs": 60, "consent": "always"})).unwrap();
    let changed = |given: Value| before.change(&members(given), &configured());
    assert_eq!(changed(json!({})), Ok(before.clone()));
    let after = changed(json!({"access_secs": null, "consent": "never"})).unwrap();
    let expected = Metadata { access_secs: 600, consent: ConsentRule::Never, ..before.clone() };
    assert_eq!(after, expected);
    assert_eq!(changed(json!({"scope": null})).unwrap().scope, None);
    assert_eq!(faulty(changed(json!({"redirect_uris": []}))), ["redirect_uris"]);
}

#[test]
fn a_secret_does_not_come_or_go_with_a_change() {
    let before = web(json!({})).unwrap();
    let method =
        |word: &str| before.change(&members(json!({ "token_endpoint_auth_method": word })), &configured());
    assert!(method("client_secret_post").is_ok());
    assert_eq!(faulty(method("none")), ["token_endpoint_auth_method"]);
}

#[test]
fn what_the_configuration_lost_a_client_has_not() {
    let client = web(json!({"scope": "offline_access read write"})).unwrap();
    let fewer = ConfiguredScopes::new([("read", "Read")]).unwrap();
    assert_eq!(client.scopes(&fewer).to_string(), "offline_access read");
    // It may still be changed in other ways.
    assert!(client.change(&members(json!({"access_secs": 1})), &fewer).is_ok());
    let usual = web(json!({})).unwrap();
    assert_eq!(usual.scopes(&fewer).to_string(), "read");
}

#[test]
fn cors_07_origins_come_from_a_public_clients_addresses() {
    let addresses = json!([
        "https://app.example/a",
        "https://app.example:443/b",
        "http://localhost:3000/",
        "com.example.app:/"
    ]);
    let public =
        register(json!({ "token_endpoint_auth_method": "none", "redirect_uris": addresses })).unwrap();
    assert_eq!(public.origins(), ["http://localhost:3000", "https://app.example"]);
    assert!(web(json!({})).unwrap().origins().is_empty());
    let own = web(json!({"allowed_origins": ["https://else.example"]})).unwrap();
    assert_eq!(own.origins(), ["https://else.example"]);
}
