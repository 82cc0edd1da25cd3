//! A caller that closes its sending half after a whole request gets its answer (RFC 9112 §9.6).

use std::sync::Arc;

use exeunt::app::FEEDS_MAX;
use exeunt::config::Config;
use exeunt::store::faulty::Faulty;
use serde_json::{Value, json};
use tokio::io::{AsyncBufReadExt, AsyncReadExt, AsyncWriteExt, BufReader};
use tokio::net::TcpStream;

use crate::edges::dialogue::{KEY, Server, form, memory, post, status};

const PROJECT: &str = "cccccccccccccccccccccccccccccccc";
const LOGIN: &str = "username=alice&password=correct+horse&account_number=000123";

/// A server, and a session of Alice in each dialect.
async fn server(hot_front: bool) -> Server {
    let server = Server::start(hot_front).await;
    server.project("project", PROJECT, "https://shop.example", false).await;
    server.sessions("native", &["native-token-of-alice"]).await;
    server.sessions("videntity", &["videntity-key-of-alice"]).await;
    server.sessions("runsignup", &["key-of-alice:secret-of-alice"]).await;
    server.sessions("project", &["rested-token-of-alice"]).await;
    server
}

/// A call of each sort in each dialect, the logouts last, with a piece of its answer.
fn calls() -> Vec<(String, &'static str)> {
    let key = "session_key=videntity-key-of-alice";
    let pair = "tmp_key=key-of-alice&tmp_secret=secret-of-alice";
    let project = format!("/api/1/ce/users/all?key={PROJECT}");
    let (json, bearer) = ("Content-Type: application/json\r\n", format!("Authorization: Bearer {KEY}\r\n"));
    let token = "Authorization: rested-token-of-alice\r\n";
    let get = |path: &str, lines: &str| format!("GET {path} HTTP/1.1\r\nHost: a\r\n{lines}\r\n");
    let credentials = "{\"username\":\"alice\",\"password\":\"correct horse\"}";
    vec![
        (form("/session/login", "", LOGIN), "<status>SUCCESS"),
        (form("/session/ping", "", key), "<status>SUCCESS"),
        (
            form("/rest/login?format=json", "", "email=alice%40example.org&password=correct+horse"),
            "tmp_secret",
        ),
        (form("/rest/user?format=json", "", pair), "{\"user\":"),
        (get(&format!("/API/user?format=json&{pair}"), ""), "{\"user\":"),
        (post(&format!("{project}&login=true"), json, credentials), "uniqueId"),
        (post(&project, json, "{\"username\":\"bob\",\"password\":\"correct horse\"}"), "uniqueId"),
        (get(&project, token), "uniqueId"),
        (format!("OPTIONS {project} HTTP/1.1\r\nHost: a\r\n\r\n"), "204 No Content"),
        (
            post("/v1/check", &format!("{bearer}{json}"), "{\"token\":\"native-token-of-alice\"}"),
            "\"active\":true",
        ),
        (get("/v1/gate", "Authorization: Bearer native-token-of-alice\r\n"), "200 OK"),
        (get("/v1/users", &bearer), "\"alice\""),
        (post("/v1/users", &format!("{bearer}{json}"), "{\"username\":\"carol\"}"), "201 Created"),
        (get("/healthz", ""), "\"ok\""),
        (get("/metrics", &bearer), "200 OK"),
        (get("/nowhere", ""), "404 Not Found"),
        (form("/session/logout", "", key), "<status>SUCCESS"),
        (form(&format!("/rest/logout?format=json&{pair}"), "", ""), "{\"success\":\"T\"}"),
        (post(&format!("{project}&logout=true"), token, ""), "204 No Content"),
        (format!("DELETE /v1/realm/sessions HTTP/1.1\r\nHost: a\r\n{bearer}\r\n"), "\"found_alive\":true"),
    ]
}

#[tokio::test]
async fn every_call_is_answered_to_a_caller_that_has_finished_sending() {
    for hot_front in [true, false] {
        let server = server(hot_front).await;
        for (request, wanted) in calls() {
            let answer = server.ask(&request).await;
            assert!(answer.contains(wanted), "fast path {hot_front}: {request}\n{answer}");
        }
        server.stop().await;
    }
}

#[tokio::test]
async fn it_is_answered_in_any_version_and_in_any_pieces() {
    for hot_front in [true, false] {
        let server = server(hot_front).await;
        for (request, wanted) in calls() {
            // The last ones end what the others need.
            if request.contains("logout") || request.starts_with("DELETE") {
                continue;
            }
            // A user is made once.
            if wanted == "201 Created" || request.contains("bob") {
                continue;
            }
            let old = request.replacen("HTTP/1.1", "HTTP/1.0", 1);
            let chunked = chunked(&request);
            for request in [&old, &chunked] {
                let answer = server.ask(request).await;
                assert!(answer.contains(wanted), "fast path {hot_front}: {request}\n{answer}");
            }
            let head = request.find("\r\n\r\n").unwrap() + 4;
            let (head, body) = request.as_bytes().split_at(head);
            let answer = server.ask_in_pieces(&[&head[..9], &head[9..], body]).await;
            assert!(answer.contains(wanted), "fast path {hot_front}: {request}\n{answer}");
        }
        server.stop().await;
    }
}

/// The same request, its body in one chunk.
fn chunked(request: &str) -> String {
    let (head, body) = request.split_once("\r\n\r\n").unwrap();
    if body.is_empty() {
        return request.to_owned();
    }
    let lines: Vec<_> = head.lines().filter(|line| !line.starts_with("Content-Length")).collect();
    format!(
        "{}\r\nTransfer-Encoding: chunked\r\n\r\n{:x}\r\n{body}\r\n0\r\n\r\n",
        lines.join("\r\n"),
        body.len()
    )
}

#[tokio::test]
async fn all_requests_that_were_sent_before_the_end_are_answered() {
    for hot_front in [true, false] {
        let server = server(hot_front).await;
        let all = calls();
        let requests: String = all.iter().map(|(request, _)| request.as_str()).collect();
        let answers = server.ask(requests).await;
        let count = answers.matches("HTTP/1.1 ").count();
        assert_eq!(count, all.len(), "fast path {hot_front}: {answers}");
        assert!(answers.contains("\"found_alive\":true"), "the last one was begun: {answers}");
        server.stop().await;
    }
}

#[tokio::test]
async fn a_login_that_waits_is_answered_although_its_caller_has_finished_sending() {
    let server = server(true).await;
    let held = server.app.authority.hold_passwords();
    let mut stream = TcpStream::connect(server.address()).await.unwrap();
    stream.write_all(form("/session/login", "", LOGIN).as_bytes()).await.unwrap();
    stream.shutdown().await.unwrap();
    held.reached().await;
    drop(held);
    let mut answer = String::new();
    stream.read_to_string(&mut answer).await.unwrap();
    assert!(answer.contains("<status>SUCCESS"), "{answer}");
    server.stop().await;
}

#[tokio::test]
async fn a_logout_that_waits_for_the_store_is_acknowledged_to_a_caller_that_has_finished_sending() {
    for hot_front in [true, false] {
        let store = Arc::new(Faulty::new(memory()));
        let server = Server::start_on(store.clone(), Config { hot_front, ..Config::default() }).await;
        server.sessions("videntity", &["videntity-key-of-alice"]).await;
        let key = "session_key=videntity-key-of-alice";
        store.hold(1);
        let mut stream = TcpStream::connect(server.address()).await.unwrap();
        stream.write_all(form("/session/logout", "", key).as_bytes()).await.unwrap();
        stream.shutdown().await.unwrap();
        store.reached().await;
        store.release();
        let mut answer = String::new();
        stream.read_to_string(&mut answer).await.unwrap();
        assert!(answer.contains("<status>SUCCESS"), "fast path {hot_front}: {answer}");
        server.stop().await;
    }
}

#[tokio::test]
async fn a_caller_that_ends_in_the_middle_of_a_request_ends_nothing() {
    for hot_front in [true, false] {
        let server = server(hot_front).await;
        let (key, pair) =
            ("session_key=videntity-key-of-alice", "tmp_key=key-of-alice&tmp_secret=secret-of-alice");
        let bearer = format!("Authorization: Bearer {KEY}\r\n");
        let whole = [
            form("/session/logout", "", &format!("{key}&x=y")),
            chunked(&form("/session/logout", "", &format!("{key}&x=y"))),
            form("/rest/logout?format=json", "", &format!("{pair}&x=y")),
            form(&format!("/API/logout?format=json&{pair}"), "", "x=y"),
            format!("DELETE /v1/realm/sessions HTTP/1.1\r\nHost: a\r\n{bearer}\r\n"),
        ];
        for request in &whole {
            for left in [1, 3, 9] {
                let cut = &request[..request.len() - left];
                // What has no body is cut in its head.
                let answer = server.ask(cut).await;
                assert!(status(&answer) == 0 || status(&answer) >= 400, "{cut}\n{answer}");
            }
        }
        let ping = server.ask(form("/session/ping", "", key)).await;
        assert!(ping.contains("<status>SUCCESS"), "fast path {hot_front}: {ping}");
        let user = server.ask(form("/rest/user?format=json", "", pair)).await;
        assert!(user.contains("{\"user\":"), "fast path {hot_front}: {user}");
        // rested does not read the body of a logout: its head is all of it, on both paths.
        let logout = format!("/api/1/ce/users/all?key={PROJECT}&logout=true");
        let whole = post(&logout, "Authorization: rested-token-of-alice\r\n", "{\"a\":1}");
        assert_eq!(status(&server.ask(&whole[..whole.len() - 3]).await), 204, "fast path {hot_front}");
        server.stop().await;
    }
}

/// Opens a feed: its stream, past the head.
async fn feed(server: &Server) -> BufReader<TcpStream> {
    let mut stream = TcpStream::connect(server.address()).await.unwrap();
    let request = format!("GET /v1/feed HTTP/1.1\r\nHost: a\r\nAuthorization: Bearer {KEY}\r\n\r\n");
    stream.write_all(request.as_bytes()).await.unwrap();
    let mut feed = BufReader::new(stream);
    line_with(&mut feed, "event: position").await;
    feed
}

async fn line_with(feed: &mut BufReader<TcpStream>, wanted: &str) {
    let mut line = String::new();
    while !line.contains(wanted) {
        line.clear();
        assert!(feed.read_line(&mut line).await.unwrap() > 0, "the stream ended before {wanted}");
    }
}

#[tokio::test]
async fn a_feed_goes_on_for_a_reader_that_has_finished_sending() {
    let server = server(true).await;
    let mut feed = feed(&server).await;
    feed.get_mut().shutdown().await.unwrap();
    // Several heartbeats later it is still there.
    for _ in 0..3 {
        line_with(&mut feed, "event: position").await;
    }
    let (ended, _) = server.native("DELETE", "/v1/realm/sessions", &Value::Null).await;
    assert_eq!(ended, 200);
    line_with(&mut feed, "event: mark").await;
    server.stop().await;
}

#[tokio::test]
async fn a_feed_whose_reader_is_gone_ends_by_its_heartbeats() {
    let server = server(true).await;
    let gone = feed(&server).await;
    let all = u32::try_from(FEEDS_MAX).unwrap();
    assert!(server.app.feeds.clone().try_acquire_many_owned(all).is_err(), "it is open");
    drop(gone);
    let room = server.app.feeds.clone().acquire_many_owned(all).await.unwrap();
    drop(room);
    server.stop().await;
}

#[tokio::test]
async fn a_login_whose_caller_is_gone_waits_no_longer_than_its_turn() {
    let server = server(true).await;
    let held = server.app.authority.hold_passwords();
    let mut stream = TcpStream::connect(server.address()).await.unwrap();
    stream.write_all(form("/session/login", "", LOGIN).as_bytes()).await.unwrap();
    held.reached().await;
    drop(stream);
    drop(held);
    // The pool has one place for each job, and this one is taken when that one is done.
    let answer = server.ask(form("/session/login", "", LOGIN)).await;
    assert!(answer.contains("<status>SUCCESS"), "{answer}");
    let (_, checked) = server.native("POST", "/v1/check", &json!({ "token": "native-token-of-alice" })).await;
    assert_eq!(checked["active"], json!(true));
    server.stop().await;
}
