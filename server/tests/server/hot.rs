//! The fast path says what the HTTP library would: whatever comes over a connection, in whatever pieces, two servers, one
//! with the front and one without, answer the same bytes.

use std::sync::Arc;

use exeunt::app::App;
use exeunt::authority::UserChange;
use exeunt::authority::realm::MAIN;
use exeunt::authority::session::IssueRequest;
use exeunt::config::{Config, Limits};
use exeunt::env::Env;
use exeunt::serve::{self, Running};
use exeunt::store::Incarnation;
use exeunt::store::memory::MemoryStore;
use exeunt_core::{DialectName, Moment, Token};
use proptest::prelude::*;
use proptest::test_runner::{Config as Cases, RngAlgorithm, TestRng, TestRunner};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};

use crate::support::server;

const START: Moment = Moment::from_secs(1_767_323_045);
const ADMIN_KEY: &str = "an-administrators-key-for-the-hot-front";
const SESSION_KEY: &str = "0123456789abcdefghijABCDEFGHIJ01";
/// The last request of every connection: its answer ends it.
const LAST: &str = "GET /healthz HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n";
/// Connections that are tried at random.
const RANDOM: u32 = 300;

/// Two servers that differ in nothing but the front.
struct Pair {
    servers: [Running; 2],
    /// Of the one with the front, and of the one without.
    apps: [App; 2],
}

impl Pair {
    async fn start() -> Self {
        let ((with, one), (without, other)) = (start(true).await, start(false).await);
        Self { servers: [one, other], apps: [with, without] }
    }

    /// What both say to these pieces; fails if it is not the same.
    async fn say(&self, pieces: &[Vec<u8>]) -> String {
        let [hot, library] = &self.servers;
        let hot = converse(hot, pieces).await;
        let library = converse(library, pieces).await;
        let sent = String::from_utf8_lossy(&pieces.concat()).into_owned();
        assert_eq!(hot, library, "to\n{sent}");
        hot
    }

    /// How many requests the front has answered until now.
    fn answered_by_the_front(&self) -> u64 {
        let [with, without] = &self.apps;
        assert_eq!(without.metrics.fast.get(), 0, "there is no front");
        with.metrics.fast.get()
    }

    async fn stop(self) {
        for running in self.servers {
            running.stop().await.unwrap();
        }
    }
}

async fn start(hot_front: bool) -> (App, Running) {
    let store = Arc::new(MemoryStore::new(Incarnation([1; 16])));
    let limits = Limits { header_secs: 1, body_secs: 1, ..Limits::default() };
    let config = Config { hot_front, limits, ..Config::default() };
    let app = App::open(config, Env::seeded(1, START), store, false).await.unwrap();
    let realm = app.authority.realm(MAIN).unwrap().id;
    app.authority.give_keys(&[Token::presented(ADMIN_KEY).unwrap()], START);
    let call = server::call(&app);
    let name = UserChange { username: Some(Some("alice".to_owned())), ..UserChange::default() };
    let user = app.authority.create_user(&call, realm, name).await.unwrap().id;
    let dialect = DialectName::new("videntity");
    let issue_request =
        IssueRequest { dialect, user, client: None, idle_secs: None, absolute_secs: None, parent: None };
    let token = Token::presented(SESSION_KEY).unwrap();
    app.authority.vouch(&call, realm, &issue_request, &token).await.unwrap();
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let running = serve::start(app.clone(), listener, None).unwrap();
    (app, running)
}

/// Sends the pieces and [`LAST`], and reads until the server closes the connection.
async fn converse(running: &Running, pieces: &[Vec<u8>]) -> String {
    let mut stream = TcpStream::connect(running.address).await.unwrap();
    stream.set_nodelay(true).unwrap();
    for piece in pieces.iter().map(Vec::as_slice).chain([LAST.as_bytes()]) {
        // The server may have said its last word already.
        if stream.write_all(piece).await.is_err() {
            break;
        }
        tokio::task::yield_now().await;
    }
    let mut answer = Vec::new();
    let _ = stream.read_to_end(&mut answer).await;
    String::from_utf8_lossy(&answer).into_owned()
}

fn ping(headers: &str, body: &str) -> String {
    format!("POST /session/ping HTTP/1.1\r\nHost: a\r\n{FORM}{headers}\r\n{body}")
}

const FORM: &str = "Content-Type: application/x-www-form-urlencoded\r\n";

#[tokio::test]
async fn what_is_simple_is_answered_and_the_rest_goes_to_the_library() {
    let pair = Pair::start().await;
    let body = format!("session_key={SESSION_KEY}");
    let right = ping(&format!("Content-Length: {}\r\n", body.len()), &body);
    let answer = pair.say(&[right.clone().into_bytes()]).await;
    assert!(answer.contains("your session has been pinged"), "{answer}");
    // Two at once, and one in two pieces.
    let twice = pair.say(&[right.repeat(2).into_bytes()]).await;
    assert_eq!(twice.matches("<status>SUCCESS").count(), 2, "{twice}");
    let (head, rest) = right.split_at(right.len() - body.len());
    let split = pair.say(&[head.into(), rest.into()]).await;
    assert_eq!(split.matches("<status>SUCCESS").count(), 1, "{split}");
    pair.stop().await;
}

#[tokio::test]
async fn a_simple_request_that_comes_alone_is_answered_by_the_front() {
    let pair = Pair::start().await;
    let body = format!("session_key={SESSION_KEY}");
    let request = ping(&format!("Content-Length: {}\r\n", body.len()), &body);
    for running in &pair.servers {
        let mut stream = TcpStream::connect(running.address).await.unwrap();
        let mut answer = Vec::new();
        for number in 1..=3 {
            stream.write_all(request.as_bytes()).await.unwrap();
            while String::from_utf8_lossy(&answer).matches("</response>").count() < number {
                assert_ne!(
                    stream.read_buf(&mut answer).await.unwrap(),
                    0,
                    "the server closed the connection"
                );
            }
        }
    }
    assert_eq!(pair.answered_by_the_front(), 3);
    pair.stop().await;
}

#[tokio::test]
async fn what_could_be_understood_in_two_ways_is_left_to_the_library() {
    let pair = Pair::start().await;
    let body = format!("session_key={SESSION_KEY}");
    let length = body.len();
    let chunked = format!("{length:x}\r\n{body}\r\n0\r\n\r\n");
    for (headers, body) in [
        (format!("Content-Length: {length}\r\nContent-Length: {length}\r\n"), &body),
        (format!("Content-Length: {length}\r\nContent-Length: 0\r\n"), &body),
        (format!("Content-Length: {length}, {length}\r\n"), &body),
        (format!("Content-Length: +{length}\r\n"), &body),
        (format!("Content-Length: 0x{length:x}\r\n"), &body),
        ("Content-Length: \r\n".to_owned(), &body),
        ("Content-Length: 99999999999999999999999\r\n".to_owned(), &body),
        (format!("Content-Length: {}\r\n", u64::MAX), &body),
        (format!("Content-Length: {}\r\n", u64::MAX - 1), &body),
        ("Transfer-Encoding: chunked\r\n".to_owned(), &chunked),
        (format!("Transfer-Encoding: chunked\r\nContent-Length: {length}\r\n"), &chunked),
        (format!("Content-Length: {length}\r\nTransfer-Encoding: identity\r\n"), &body),
        (format!("Content-Length: {length}\r\nExpect: 100-continue\r\n"), &body),
        (format!("Content-Length: {length}\r\nUpgrade: h2c\r\nConnection: upgrade\r\n"), &body),
        (format!("Content-Length: {length}\r\nConnection: close\r\n"), &body),
        (format!("Content-Length: {length}\r\nConnection: keep-alive\r\n"), &body),
        (format!("Content-Length : {length}\r\n"), &body),
        (format!(" Content-Length: {length}\r\n"), &body),
        (format!("X: a\r\n b\r\nContent-Length: {length}\r\n"), &body),
        (format!("X: a\0b\r\nContent-Length: {length}\r\n"), &body),
        (format!("X: {}\r\nContent-Length: {length}\r\n", "x".repeat(5000)), &body),
        (format!("{}Content-Length: {length}\r\n", "X: y\r\n".repeat(60)), &body),
    ] {
        pair.say(&[ping(&headers, body).into_bytes()]).await;
    }
    // The one with keep-alive is simple, if nothing had come behind it when it was read.
    assert!(pair.answered_by_the_front() <= 1);
    pair.stop().await;
}

#[test]
fn both_say_the_same_to_anything() {
    let runtime = tokio::runtime::Runtime::new().unwrap();
    let pair = runtime.block_on(Pair::start());
    let rng = TestRng::from_seed(RngAlgorithm::ChaCha, &[7; 32]);
    let mut runner = TestRunner::new_with_rng(Cases { cases: RANDOM, ..Cases::default() }, rng);
    let tried = runner.run(&connections(), |pieces| {
        runtime.block_on(pair.say(&pieces));
        Ok(())
    });
    tried.unwrap();
    runtime.block_on(pair.stop());
}

/// Requests of all kinds, one or two on a connection, cut into pieces anywhere.
fn connections() -> impl Strategy<Value = Vec<Vec<u8>>> {
    (proptest::collection::vec(request(), 1..3), any::<prop::sample::Index>()).prop_map(|(requests, cut)| {
        let all = requests.concat().into_bytes();
        let cut = cut.index(all.len() + 1);
        [&all[..cut], &all[cut..]].into_iter().filter(|piece| !piece.is_empty()).map(Into::into).collect()
    })
}

fn request() -> impl Strategy<Value = String> {
    let methods = ["POST", "GET", "DELETE", "HEAD", "OPTIONS", "PUT", "post", ""];
    let targets = [
        "/session/ping",
        "/sessions/ping/",
        "/session/logout",
        "/session/login",
        "/v1/check",
        "/v1/check?why=1",
        "/v1/sessions/0",
        "/v1/nothing",
        "/healthz",
        "/readyz",
        "/api/1/ce/examples/user",
        "/nowhere",
        "*",
        "http://a/healthz",
        "/a b",
        "/%",
    ];
    let versions = ["HTTP/1.1", "HTTP/1.1", "HTTP/1.1", "HTTP/1.0", "HTTP/2.0", ""];
    let lines = [
        FORM.to_owned(),
        "Content-Type: application/json\r\n".to_owned(),
        format!("Authorization: Bearer {ADMIN_KEY}\r\n"),
        format!("authorization:bearer  {ADMIN_KEY} \r\n"),
        "Authorization: Bearer wrong\r\n".to_owned(),
        "Connection: keep-alive\r\n".to_owned(),
        "Connection: Keep-Alive, x\r\n".to_owned(),
        "Origin: https://shop.example\r\n".to_owned(),
        "X-Odd: \u{e9}\t\r\n".to_owned(),
        "Content-Length: 0\r\n".to_owned(),
        "Bad Header: 1\r\n".to_owned(),
    ];
    let bodies = [
        String::new(),
        format!("session_key={SESSION_KEY}"),
        "session_key=unknown".to_owned(),
        "session_key=%zz&session_key=".to_owned(),
        format!("{{\"token\":\"{SESSION_KEY}\"}}"),
        "{\"tokens\":[\"a\",\"b\"]}".to_owned(),
        "{".to_owned(),
    ];
    let pick = prop::sample::select::<&'static str>;
    let lines = proptest::collection::vec(prop::sample::select(lines.to_vec()), 0..4);
    let (targets, bodies) = (pick(targets.to_vec()), prop::sample::select(bodies.to_vec()));
    (pick(methods.to_vec()), targets, pick(versions.to_vec()), lines, bodies).prop_map(
        |(method, target, version, lines, body)| {
            let length =
                if body.is_empty() { String::new() } else { format!("Content-Length: {}\r\n", body.len()) };
            format!("{method} {target} {version}\r\nHost: a\r\n{}{length}\r\n{body}", lines.concat())
        },
    )
}
