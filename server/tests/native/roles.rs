//! Who may do what: every call with every role, as the description says.

use exeunt::authority::Role;

use serde_json::Value;

use crate::native::description::{self, document};
use crate::native::live::CachedSession;

/// An id that names nothing.
const NOBODY: &str = "00000000000000000000000000000000";

/// The calls that a key opens, or that need none. The gate asks for the credential of somebody else's call.
fn operations(document: &Value) -> Vec<(String, &str, &Value)> {
    let mut all = description::operations(document);
    all.retain(|(_, path, _)| !path.starts_with("/v1/gate"));
    all
}

#[test]
fn every_call_is_allowed_to_the_described_roles_and_to_no_other() {
    let live = CachedSession::start();
    let document = document();
    for role in Role::ALL {
        let (_, key) = live.key(role, None);
        for (method, path, operation) in operations(&document) {
            let open = operation.get("security").is_some();
            let roles = operation["x-roles"].as_array();
            let allowed = open || roles.unwrap().iter().any(|name| name == role.word() || name == "any");
            let (method, path, body) = harmless(&method, path);
            let lines = format!("Authorization: Bearer {}\r\n", key.expose());
            let status = live.ask_with(&lines, method, &path, body).status;
            assert_eq!(status != 403, allowed, "{method} {path} as {}: {status}", role.word());
            assert_ne!(status, 401, "{method} {path}");
        }
    }
}

#[test]
fn nothing_but_health_and_metrics_is_told_without_a_key() {
    let live = CachedSession::start();
    let document = document();
    for (method, path, operation) in operations(&document) {
        let open = operation.get("security").is_some();
        let (method, path, body) = harmless(&method, path);
        for lines in ["", "Authorization: Bearer wrong\r\n", "Authorization: Basic YWxpY2U6cHc=\r\n"] {
            let answer = live.ask_with(lines, method, &path, body);
            assert_eq!(answer.status == 401, !open, "{method} {path}: {}", answer.status);
            assert!(open || answer.head.contains("\r\nWww-Authenticate: Bearer realm=\"exeunt\""), "HTTP-06");
        }
    }
}

/// The same call in a form that changes nothing, with an id that names nothing. HEAD asks what GET asks, and ends at
/// once where GET is a stream.
fn harmless<'a>(method: &'a str, path: &str) -> (&'a str, String, &'static str) {
    let segments = path.split('/').map(|segment| if segment.starts_with('{') { NOBODY } else { segment });
    let path = segments.collect::<Vec<_>>().join("/");
    match method {
        "GET" => ("HEAD", path, ""),
        "DELETE" if path == "/v1/realm/sessions" => (method, format!("{path}?dry_run=1"), ""),
        "DELETE" => (method, path, ""),
        _ => (method, path, "{}"),
    }
}
