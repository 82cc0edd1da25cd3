//! Bounds on connections: slow and greedy clients are cut off, and a stop lets requests in flight finish.

use std::sync::Arc;

use crate::support::server::{PASSWORD, Server};
use exeunt::app::App;
use exeunt::config::{Config, Limits};
use exeunt::env::Env;
use exeunt::serve::{self, Running};
use exeunt::store::Incarnation;
use exeunt::store::memory::MemoryStore;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};

/// The key of a project of rested.
const KEY: &str = "d59eb2859c284168ac48aef65046d5dd";

async fn start(limits: Limits) -> Running {
    let store = Arc::new(MemoryStore::new(Incarnation([1; 16])));
    let app = App::open(Config { limits, ..Config::default() }, Env::system(), store, false).await.unwrap();
    serve::start(app, TcpListener::bind("127.0.0.1:0").await.unwrap(), None).unwrap()
}

/// Sends this and nothing more; all that comes back until the server closes the connection.
async fn send(running: &Running, text: &str) -> String {
    let mut stream = TcpStream::connect(running.address).await.unwrap();
    stream.write_all(text.as_bytes()).await.unwrap();
    let mut answer = Vec::new();
    // A reset instead of an end is a closed connection too.
    let _ = stream.read_to_end(&mut answer).await;
    String::from_utf8(answer).unwrap()
}

#[tokio::test]
async fn whoever_does_not_finish_the_headers_is_cut_off() {
    let running = start(Limits { header_secs: 1, ..Limits::default() }).await;
    assert_eq!(send(&running, "POST /session/logout HTTP/1.1\r\nHost: exe").await, "");
    running.stop().await.unwrap();
}

#[tokio::test]
async fn whoever_does_not_finish_the_body_is_told_so_and_cut_off() {
    let running = start(Limits { body_secs: 1, ..Limits::default() }).await;
    let head = "POST /session/logout HTTP/1.1\r\nHost: exeunt\r\nContent-Length: 100\r\n\r\nsession_";
    let answer = send(&running, head).await;
    assert!(answer.starts_with("HTTP/1.1 408 Request Timeout\r\n"), "{answer}");
    running.stop().await.unwrap();
}

#[tokio::test]
async fn headers_over_the_limit_are_refused() {
    let running = start(Limits { header_bytes: 8192, ..Limits::default() }).await;
    let head = format!("GET /healthz HTTP/1.1\r\nHost: exeunt\r\nX: {}\r\n\r\n", "x".repeat(10_000));
    let answer = send(&running, &head).await;
    assert!(answer.starts_with("HTTP/1.1 431 "), "{answer}");
    running.stop().await.unwrap();
}

#[tokio::test]
async fn connections_over_the_limit_wait_for_a_place() {
    let running = start(Limits { connections: 1, header_secs: 60, ..Limits::default() }).await;
    let first = TcpStream::connect(running.address).await.unwrap();
    let mut second = TcpStream::connect(running.address).await.unwrap();
    second.write_all(b"GET /healthz HTTP/1.1\r\nHost: exeunt\r\nConnection: close\r\n\r\n").await.unwrap();
    let mut answer = String::new();
    drop(first);
    second.read_to_string(&mut answer).await.unwrap();
    assert!(answer.starts_with("HTTP/1.1 200 OK\r\n"), "{answer}");
    running.stop().await.unwrap();
}

/// A body that nobody reads to its end, in bytes: over the limit, and more than fits into buffers on the way.
const LONG: usize = 300_000;

#[tokio::test]
async fn an_answer_to_a_body_over_the_limit_arrives_whole() {
    let running = start(Limits::default()).await;
    let mut stream = TcpStream::connect(running.address).await.unwrap();
    let form = "Content-Type: application/x-www-form-urlencoded";
    let head =
        format!("POST /session/logout HTTP/1.1\r\nHost: exeunt\r\n{form}\r\nContent-Length: {LONG}\r\n\r\n");
    stream.write_all(head.as_bytes()).await.unwrap();
    stream.write_all(&vec![b'x'; LONG]).await.unwrap();
    let mut answer = String::new();
    stream.read_to_string(&mut answer).await.unwrap();
    drop(stream);
    assert!(answer.starts_with("HTTP/1.1 413 Payload Too Large\r\n"), "{answer}");
    assert!(answer.ends_with("\r\n\r\npayload too large\n"), "{answer}");
    running.stop().await.unwrap();
}

#[tokio::test]
async fn who_still_sends_after_the_answer_is_heard_out() {
    let server = Server::start(Arc::new(MemoryStore::new(Incarnation([1; 16])))).await;
    server.add_project(KEY, "examples/auth").await;
    let mut stream = TcpStream::connect(server.address()).await.unwrap();
    let head = format!(
        "POST /api/1/ce/examples/auth?key={KEY}&logout=true HTTP/1.1\r\nHost: exeunt\r\nAuthorization: unknown\r\n\
         Content-Length: {LONG}\r\n\r\n"
    );
    stream.write_all(head.as_bytes()).await.unwrap();
    let mut first = [0];
    stream.read_exact(&mut first).await.unwrap();
    stream.write_all(&vec![b'x'; LONG]).await.unwrap();
    let mut rest = String::new();
    stream.read_to_string(&mut rest).await.unwrap();
    drop(stream);
    assert!(rest.starts_with("TTP/1.1 204 No Content\r\n"), "{rest}");
    assert!(rest.contains("\r\nConnection: close\r\n"), "{rest}");
    server.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_stop_lets_requests_in_flight_finish_and_closes_idle_connections() {
    let server = Server::start(Arc::new(MemoryStore::new(Incarnation([1; 16])))).await;
    let idle = TcpStream::connect(server.address()).await.unwrap();
    let held = server.app.authority.hold_passwords();
    let form = format!("username=alice&password={PASSWORD}&account_number=000123").replace(' ', "+");
    let address = server.address();
    let login = tokio::spawn(async move { Server::videntity(address, "login", &form).await.0 });
    held.reached().await;
    let mut stopping = server.app.stop.subscribe();
    let stop = tokio::spawn(server.stop());
    stopping.wait_for(|stop| *stop).await.unwrap();
    drop(held);
    assert_eq!(login.await.unwrap(), "SUCCESS");
    stop.await.unwrap();
    drop(idle);
}
