//! What leaves a line in the log, and what is only counted.

use crate::native::live::connect;
use crate::native::process::Process;

use std::io::{Read, Write};

const KEY: &str = "an-administrators-key-for-the-child";

#[test]
fn every_request_leaves_a_line_but_successful_checks() {
    let process = Process::start(Some(KEY), "text", "failed");
    let ask = |method: &str, path: &str, key: &str| {
        let body = if method == "POST" { r#"{"token":"unknown"}"# } else { "" };
        let mut stream = connect(process.address);
        let request = format!(
            "{method} {path} HTTP/1.0\r\nAuthorization: Bearer {key}\r\n\
             Content-Type: application/json\r\nContent-Length: {}\r\n\r\n{body}",
            body.len()
        );
        stream.write_all(request.as_bytes()).unwrap();
        let mut answer = String::new();
        stream.read_to_string(&mut answer).unwrap();
        answer
    };
    assert!(ask("POST", "/v1/check", KEY).starts_with("HTTP/1.0 200 "));
    assert!(ask("GET", "/healthz", "").starts_with("HTTP/1.0 200 "));
    ask("POST", "/v1/check", "wrong");
    ask("GET", "/v1/users", KEY);
    ask("GET", "/nothing", "");
    let metrics = ask("GET", "/metrics", "");
    assert!(metrics.contains("{dialect=\"native\",call=\"check\",status=\"200\"} 1\n"), "{metrics}");
    let over = process.stop();
    let lines: Vec<_> = over.output.lines().filter_map(|line| line.split_once(" request ")).collect();
    let expected = [
        r#"dialect="native" call="check" method="POST" status=401 outcome="unauthenticated""#,
        r#"dialect="native" call="list_users" method="GET" status=200 outcome="ok""#,
        r#"dialect="none" call="none" method="GET" status=404 outcome="refused""#,
        r#"dialect="native" call="metrics" method="GET" status=200 outcome="ok""#,
    ];
    assert_eq!(lines.len(), expected.len(), "{}", over.output);
    for ((_, line), expected) in lines.into_iter().zip(expected) {
        assert!(line.starts_with(expected), "{line}\nis not\n{expected}");
    }
}

/// It may be the operator's own proxy, so it is logged; and once, since it may be anybody.
#[test]
fn a_peer_that_names_callers_and_is_not_trusted_is_told_of_once() {
    let process = Process::start(Some(KEY), "text", "failed");
    for header in ["X-Request-Id: 1", "X-Forwarded-For: 198.51.100.7", "Forwarded: for=198.51.100.7"] {
        let mut stream = connect(process.address);
        stream.write_all(format!("GET /healthz HTTP/1.0\r\n{header}\r\n\r\n").as_bytes()).unwrap();
        let mut answer = String::new();
        stream.read_to_string(&mut answer).unwrap();
        assert!(answer.starts_with("HTTP/1.0 200 "), "{answer}");
    }
    let output = process.stop().output;
    let told = |line: &&str| line.contains("if it is your proxy, set trusted_proxies");
    let lines: Vec<_> = output.lines().filter(told).collect();
    assert_eq!(lines.len(), 1, "{output}");
    assert!(lines[0].contains("WARN") && lines[0].contains("peer=127.0.0.1"), "{}", lines[0]);
}

/// DEP-08: pings are not logged, and yet the log shows that somebody still speaks the old interface.
#[test]
fn a_client_of_a_legacy_dialect_is_told_of_once() {
    let process = Process::start(Some(KEY), "text", "failed");
    for _ in 0..3 {
        let mut stream = connect(process.address);
        let request = "POST /session/ping HTTP/1.0\r\nContent-Type: application/x-www-form-urlencoded\r\n\
                       Content-Length: 15\r\n\r\nsession_key=abc";
        stream.write_all(request.as_bytes()).unwrap();
        let mut answer = String::new();
        stream.read_to_string(&mut answer).unwrap();
        assert!(answer.starts_with("HTTP/1.0 200 "), "{answer}");
    }
    let output = process.stop().output;
    let told: Vec<&str> =
        output.lines().filter(|line| line.contains("still uses a legacy dialect")).collect();
    assert_eq!(told.len(), 1, "{output}");
    assert!(told[0].contains(r#"dialect="videntity" call="ping" client="#), "{}", told[0]);
}
