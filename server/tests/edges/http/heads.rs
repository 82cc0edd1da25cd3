//! Heads that HTTP does not allow are refused on both fronts, before anything is done (RFC 9112 §3.2, §6.1).

use crate::edges::dialogue::{Server, form, status};

const KEY: &str = "session_key=videntity-key-of-alice";

async fn server(hot_front: bool) -> Server {
    let server = Server::start(hot_front).await;
    server.sessions("videntity", &["videntity-key-of-alice"]).await;
    server
}

async fn alive(server: &Server) -> bool {
    server.ask(form("/session/ping", "", KEY)).await.contains("<status>SUCCESS")
}

/// A logout with this start line and these lines, and its body.
fn logout(start: &str, lines: &str) -> String {
    let length = format!("Content-Length: {}\r\n", KEY.len());
    format!("{start}\r\n{lines}Content-Type: application/x-www-form-urlencoded\r\n{length}\r\n{KEY}")
}

#[tokio::test]
async fn a_request_names_one_host() {
    let post = "POST /session/logout HTTP/1.1";
    for hot_front in [true, false] {
        let server = server(hot_front).await;
        for (start, lines) in [
            (post, ""),
            (post, "Host: a\r\nHost: a\r\n"),
            (post, "Host: a\r\nhOST: b\r\n"),
            (post, "Host: a\r\nHost:\r\n"),
            (post, "Host: a b\r\n"),
            (post, "Host: a/b\r\n"),
            (post, "Host: u@a\r\n"),
            (post, "Host: a:b\r\n"),
            ("POST /session/logout HTTP/1.0", "Host: a\r\nHost: a\r\n"),
            ("POST http://a/session/logout HTTP/1.1", ""),
            ("POST http://a/session/logout HTTP/1.1", "Host: a\r\nHost: a\r\n"),
        ] {
            let answer = server.ask(logout(start, lines)).await;
            assert_eq!(status(&answer), 400, "fast path {hot_front}: {start} {lines}\n{answer}");
            // An old one ends its connection without saying so.
            let closes = answer.starts_with("HTTP/1.0") || answer.contains("\r\nConnection: close\r\n");
            assert!(closes, "{answer}");
        }
        assert!(alive(&server).await);
        // Also where the second request of a connection is the wrong one.
        let twice = form("/session/ping", "", KEY) + &logout(post, "");
        let answers = server.ask(twice).await;
        assert!(answers.starts_with("HTTP/1.1 200") && answers.contains("HTTP/1.1 400"), "{answers}");
        assert!(alive(&server).await);
        server.stop().await;
    }
}

#[tokio::test]
async fn what_the_standard_allows_is_served() {
    let post = "POST /session/logout HTTP/1.1";
    for hot_front in [true, false] {
        for (start, lines) in [
            (post, "Host: a\r\n"),
            (post, "Host:\r\n"),
            (post, "Host: a.example:8080\r\n"),
            (post, "Host: [::1]:8080\r\n"),
            (post, "Host: some_name\r\n"),
            ("POST /session/logout HTTP/1.0", ""),
            ("POST /session/logout HTTP/1.0", "Host: a\r\n"),
            ("POST http://a/session/logout HTTP/1.1", "Host: a\r\n"),
            // §3.2.2: then the host of the target counts, and the header is passed over.
            ("POST http://a/session/logout HTTP/1.1", "Host: another\r\n"),
        ] {
            let server = server(hot_front).await;
            let answer = server.ask(logout(start, lines)).await;
            assert!(answer.contains("<status>SUCCESS"), "fast path {hot_front}: {start} {lines}\n{answer}");
            server.stop().await;
        }
    }
}

#[tokio::test]
async fn chunked_is_the_only_transfer_coding() {
    let chunks = format!("{:x}\r\n{KEY}\r\n0\r\n\r\n", KEY.len());
    let request = |version: &str, codings: &[&str]| {
        let lines: String = codings.iter().map(|coding| format!("Transfer-Encoding: {coding}\r\n")).collect();
        let form = "Content-Type: application/x-www-form-urlencoded";
        format!("POST /session/logout {version}\r\nHost: a\r\n{form}\r\n{lines}\r\n{chunks}")
    };
    for hot_front in [true, false] {
        let server = server(hot_front).await;
        for codings in [
            &["gzip, chunked"][..],
            &["gzip", "chunked"],
            &["chunked, gzip"],
            &["chunked", "gzip"],
            &["identity"],
            &["identity, chunked"],
            &["chunked, identity"],
            &["chunked, chunked"],
            &["chunked", "chunked"],
            &["chunked;a=b"],
            &["xchunked"],
            &["x, chunked"],
            &["\"chunked\""],
            &["chunked\u{b}"],
            &[""],
        ] {
            let answer = server.ask(request("HTTP/1.1", codings)).await;
            assert!(matches!(status(&answer), 400 | 501), "fast path {hot_front}: {codings:?}\n{answer}");
            assert_eq!(answer.matches("HTTP/1.1 ").count(), 1, "nothing else is read from it: {answer}");
        }
        let old = server.ask(request("HTTP/1.0", &["chunked"])).await;
        assert!(!old.contains("SUCCESS"), "{old}");
        assert!(alive(&server).await);
        let answer = server.ask(request("HTTP/1.1", &["Chunked"])).await;
        assert!(answer.contains("<status>SUCCESS"), "{answer}");
        server.stop().await;
    }
}

#[tokio::test]
async fn plain_http_says_nothing_of_tls() {
    for hot_front in [true, false] {
        let server = server(hot_front).await;
        for path in ["/healthz", "/nowhere", "/v1/gate"] {
            let answer = server.ask(format!("GET {path} HTTP/1.1\r\nHost: a\r\n\r\n")).await;
            assert!(status(&answer) > 0 && !answer.contains("Strict-Transport-Security"), "{answer}");
        }
        server.stop().await;
    }
}

#[test]
fn the_unit_writes_no_memory_to_disk() {
    let unit = include_str!("../../../../dist/exeunt.service");
    assert!(unit.lines().any(|line| line == "LimitCORE=0"));
}

#[tokio::test]
async fn no_answer_is_sniffed() {
    let (key, project) = ("session_key=unknown", "/api/1/ce/users/all?key=none");
    let bearer = format!("Authorization: Bearer {}\r\n", crate::edges::dialogue::KEY);
    let get = |path: &str| format!("GET {path} HTTP/1.1\r\nHost: a\r\n{bearer}\r\n");
    for hot_front in [true, false] {
        let server = server(hot_front).await;
        for request in [
            form("/session/ping", "", KEY),
            form("/session/ping", "", key),
            form("/session/login", "", ""),
            form("/session/logout", "", KEY),
            form("/session/ping", "", &"x".repeat(70_000)),
            get("/session/ping"),
            form("/rest/user?format=csv", "", ""),
            form("/API/login?format=json", "", ""),
            get("/rest/nothing"),
            get(project),
            form(&format!("{project}&logout=true"), "", ""),
            format!("OPTIONS {project} HTTP/1.1\r\nHost: a\r\n\r\n"),
            get("/v1/users"),
            get("/v1/openapi.json"),
            get("/v1/audit.jsonl"),
            get("/v1/backup"),
            get("/v1/gate"),
            get("/v1/gate/rested/refusal"),
            get("/v1/nothing"),
            "GET /v1/users HTTP/1.1\r\nHost: a\r\n\r\n".to_owned(),
            "DELETE /v1/realm/sessions HTTP/1.1\r\nHost: a\r\n\r\n".to_owned(),
            get("/metrics"),
            get("/healthz"),
            get("/readyz"),
            get("/docs/moving-on"),
            get("/"),
            "HEAD /healthz HTTP/1.0\r\n\r\n".to_owned(),
            "GET /healthz HTTP/1.1\r\n\r\n".to_owned(),
            "GET /healthz HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: gzip, chunked\r\n\r\n".to_owned(),
        ] {
            let answer = server.ask(&request).await;
            let count = answer.matches("\r\nX-Content-Type-Options: nosniff\r\n").count();
            assert_eq!(count, 1, "fast path {hot_front}: {}\n{answer}", &request[..request.len().min(200)]);
        }
        server.stop().await;
    }
}
