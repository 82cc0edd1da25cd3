//! What a gateway forgot is said in the log, since nobody else could tell.

use std::io::{Read, Write};

use crate::native::live::connect;
use crate::native::process::{Process, TRUSTING};

const KEY: &str = "an-administrators-key-for-the-child";

/// The lines of the log that these questions leave.
fn logged(variables: &[(&str, &str)], questions: &[&str]) -> Vec<String> {
    let process = Process::start_with(Some(KEY), "text", "failed", variables);
    for question in questions {
        let mut stream = connect(process.address);
        let request =
            format!("GET {}\r\nConnection: close\r\n\r\n", question.replacen('\n', " HTTP/1.0\r\n", 1));
        stream.write_all(request.as_bytes()).unwrap();
        let mut answer = String::new();
        stream.read_to_string(&mut answer).unwrap();
    }
    let over = process.stop();
    let lines = over.output.lines().filter_map(|line| line.split_once(" request "));
    let lines: Vec<_> = lines.map(|(_, line)| line.to_owned()).collect();
    assert_eq!(lines.len(), questions.len(), "{}", over.output);
    lines
}

#[test]
fn the_log_says_what_a_gateway_forgot() {
    let long = format!("/v1/gate/rested\nX-Original-URI: /{}", "a".repeat(8192));
    let cases = [
        (
            "/v1/gate\nAccept: */*",
            "no Authorization header: the client sent none, or the gateway does not forward it",
        ),
        ("/v1/gate\nAuthorization: Bearer a\r\nAuthorization: Bearer b", "Authorization is repeated"),
        ("/v1/gate/runsignup\nAccept: */*", "neither X-Original-URI nor X-Forwarded-Uri"),
        (
            "/v1/gate/videntity\nX-Original-URI: /user/read",
            "expected one Exeunt-Credential: the client sent no session_key",
        ),
        ("/v1/gate/runsignup\nX-Original-URI: /a\r\nX-Forwarded-Uri: /b", "are repeated or differ"),
        (&*long, "the address that the gateway sent is longer than 8192 bytes"),
        ("/v1/gate/runsignup\nX-Original-URI: a b", "the address that the gateway sent is not valid"),
        ("/v1/gate/klingon\nAccept: */*", "the gate has no dialect of this name"),
        ("/v1/gate/native@klingon\nAccept: */*", "the gate's path names a realm that does not exist"),
        (
            "/v1/gate/videntity@main\nAccept: */*",
            "the gate's path names a realm, but this dialect has its own in the configuration",
        ),
    ];
    let questions: Vec<_> = cases.iter().map(|(question, _)| *question).collect();
    for (line, (question, said)) in logged(&[TRUSTING], &questions).iter().zip(cases) {
        assert!(line.contains(said), "{question}:\n{line}\ndoes not say: {said}");
    }
}

#[test]
fn a_gateway_that_is_not_trusted_is_named() {
    let questions = [
        "/v1/gate/runsignup\nX-Original-URI: /rest/user?tmp_key=a&tmp_secret=b",
        "/v1/gate/videntity\nExeunt-Credential: key",
    ];
    for line in logged(&[], &questions) {
        let said = "the gateway at 127.0.0.1 describes the call in headers that are ignored, since it is \
                    not in trusted_proxies";
        assert!(line.contains(said), "{line}");
    }
}
