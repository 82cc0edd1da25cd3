//! Streams are bounded, and end with the key that opened them.

use std::sync::Arc;

use exeunt::app::FEEDS_MAX;
use exeunt::authority::realm::MAIN;
use exeunt::authority::{Role, UserChange};
use exeunt::config::{Config, Limits};
use exeunt::store::Incarnation;
use exeunt::store::faulty::Faulty;
use exeunt::store::memory::MemoryStore;
use exeunt::store::open::{StoreUrl, open};
use exeunt_core::{Anchor, Why};
use tokio::io::AsyncWriteExt;
use tokio::net::TcpStream;
use tokio::time::{Duration, Instant, timeout};

use super::served::{KEY, Served, request, to_the_end, up_to};
use crate::support::scratch::Scratch;
use crate::support::server::call;

/// Seconds in which what ends at once has ended, on whatever machine. A stuck reader is cut off after 30.
const AT_ONCE: Duration = Duration::from_secs(10);
/// Users whose data make a store of some 20 MiB: more than the system keeps of an answer that nobody reads.
const LARGE_USERS: usize = 1_300;
/// Bytes of data of each of them.
const DATA_BYTES: usize = 16_000;

#[tokio::test]
async fn a_key_has_100_streams_and_the_next_is_refused_with_what_to_do() {
    let server = Served::start(Config::default()).await;
    let (_, key) = server.key(Role::Read).await;
    let mut held = Vec::new();
    for number in 0..100 {
        let path = if number % 2 == 0 { "/v1/feed" } else { "/v1/feed?after=0" };
        held.push(begun(&server, &key, path).await);
    }
    for path in ["/v1/feed", "/v1/audit.jsonl"] {
        let answer = server.ask(&key, "GET", path, "").await;
        assert!(answer.starts_with("HTTP/1.1 429 Too Many Requests\r\n"), "{path}: {answer}");
        assert!(answer.contains("this key has 100 open streams"), "{answer}");
        assert!(answer.contains("\"field\":\"key\"") && answer.contains("\r\nRetry-After: "), "{answer}");
    }
    // What is no stream goes on, and so does every other key.
    assert!(server.ask(&key, "GET", "/v1/marks", "").await.starts_with("HTTP/1.1 200 OK\r\n"));
    let (_, other) = server.key(Role::Read).await;
    held.push(begun(&server, &other, "/v1/feed").await);
    drop(held);
    server.stop().await;
}

#[tokio::test]
async fn a_stream_that_has_ended_makes_room_for_another() {
    let limits = Limits { streams_per_key: 1, ..Limits::default() };
    let server = Served::start(Config { limits, ..Config::default() }).await;
    let (_, key) = server.key(Role::Read).await;
    for _ in 0..3 {
        let answer = server.ask(&key, "GET", "/v1/audit.jsonl", "").await;
        assert!(answer.contains("{\"end\":{\"lines\":"), "{answer}");
        // Until its place is given back, which is after its last byte.
        all_rooms(&server).await;
    }
    server.stop().await;
}

/// The store is asked about a mark once, however many readers there are; each gets what its realm has of it.
#[tokio::test(start_paused = true)]
async fn readers_share_what_the_store_is_asked() {
    let store = MemoryStore::new(Incarnation([1; 16]));
    let store = Arc::new(Faulty::new(Arc::new(store)));
    let server = Served::start_on(store.clone(), Config::default()).await;
    let (_, key) = server.key(Role::Read).await;
    let mut feeds = Vec::new();
    for _ in 0..20 {
        let mut feed = server.connect_in_memory();
        feed.write_all(request(&key, "GET", "/v1/feed", "").as_bytes()).await.unwrap();
        up_to(&mut feed, "event: position\n").await;
        feeds.push(feed);
    }
    let (asked, realm) = (store.calls(), server.app.authority.realm(MAIN).unwrap().id);
    let by = call(&server.app);
    let raised = server.app.authority.end_all(&by, realm, Anchor::Realm(realm), Why::Admin);
    let stamp = raised.await.unwrap().mark.at;
    for feed in &mut feeds {
        let events = up_to(feed, &format!("\"position\":\"01010101010101010101010101010101.{stamp}\"")).await;
        assert_eq!(events.matches("event: mark\n").count(), 1, "{events}");
    }
    assert_eq!(store.calls() - asked, 2, "the mark is raised once, and read once");
    server.stop().await;
}

/// Nothing goes by between the removal and the end: neither a heartbeat nor a mark.
#[tokio::test(start_paused = true)]
async fn a_removed_key_ends_its_feed_at_once() {
    let server = Served::start(Config::default()).await;
    let (id, key) = server.key(Role::Read).await;
    let mut feed = server.connect_in_memory();
    feed.write_all(request(&key, "GET", "/v1/feed", "").as_bytes()).await.unwrap();
    up_to(&mut feed, "event: position\n").await;
    let began = Instant::now();
    server.app.authority.remove_key(&call(&server.app), id.parse().unwrap()).await.unwrap();
    assert!(!ends_whole(&to_the_end(&mut feed).await), "it is cut off, and says so");
    assert_eq!(began.elapsed(), Duration::ZERO);
    server.stop().await;
}

#[tokio::test]
async fn a_removed_key_ends_what_nobody_reads() {
    let server = Served::start(Config::default()).await;
    let realm = server.app.authority.realm(MAIN).unwrap().id;
    let by = call(&server.app);
    for _ in 0..60_000 {
        let raised = server.app.authority.end_all(&by, realm, Anchor::Realm(realm), Why::Admin);
        raised.await.unwrap();
    }
    let (id, key) = server.key(Role::Read).await;
    let mut stuck = Vec::new();
    for path in ["/v1/feed?after=0", "/v1/audit.jsonl"] {
        stuck.push(begun(&server, &key, path).await);
    }
    assert!(removed(&server, &id).await);
    all_rooms(&server).await;
    for mut stream in stuck {
        let rest = to_the_end(&mut stream).await;
        assert!(!ends_whole(&rest) && !rest.contains("{\"end\":"), "{} bytes", rest.len());
    }
    server.stop().await;
}

#[tokio::test]
async fn a_removed_key_ends_its_backup() {
    let folder = Scratch::new();
    let server = large(&folder).await;
    let (id, key) = server.key(Role::Admin).await;
    let mut backup = server.connect().await;
    backup.write_all(request(&key, "GET", "/v1/backup", "").as_bytes()).await.unwrap();
    let head = up_to(&mut backup, "\r\n\r\n").await;
    let length = head.split("Content-Length: ").nth(1).unwrap().lines().next().unwrap();
    assert!(removed(&server, &id).await);
    all_rooms(&server).await;
    let rest = timeout(AT_ONCE, to_the_end_in_bytes(&mut backup)).await.unwrap();
    assert!(rest < length.parse().unwrap(), "{rest} of {length} bytes came");
    // The next one may begin: the copy of this one is gone.
    let answer = server.connect_and_ask_head("/v1/backup").await;
    assert!(answer.starts_with("HTTP/1.1 200 OK\r\n"), "{answer}");
    server.stop().await;
}

#[tokio::test]
async fn a_key_that_is_removed_while_its_backup_is_made_gets_none() {
    let folder = Scratch::new();
    let url = StoreUrl::Sqlite(folder.path().join("exeunt.db"));
    let store = Arc::new(Faulty::new(open(&url, Incarnation([1; 16])).unwrap()));
    let server = Served::start_on(store.clone(), Config::default()).await;
    let (id, key) = server.key(Role::Admin).await;
    store.hold(1);
    let asked = server.ask(&key, "GET", "/v1/backup", "");
    let remove = async {
        store.reached().await;
        assert!(removed(&server, &id).await);
    };
    // The copy is never handed over, and the answer does not wait for it.
    let (answer, ()) = timeout(AT_ONCE, async { tokio::join!(asked, remove) }).await.unwrap();
    assert!(answer.starts_with("HTTP/1.1 401 Unauthorized\r\n"), "{answer}");
    store.release();
    server.stop().await;
}

#[tokio::test]
async fn what_a_removed_key_is_still_sending_is_not_done() {
    let server = Served::start(Config::default()).await;
    for (method, path, body) in [
        ("POST", "/v1/users/import", r#"{"users":[{"username":"alice"}]}"#),
        ("POST", "/v1/sessions/import", r#"{"sessions":[]}"#),
        ("POST", "/v1/users", r#"{"username":"alice"}"#),
        ("POST", "/v1/keys", r#"{"role":"admin"}"#),
        ("POST", "/v1/check", r#"{"token":"unknown"}"#),
    ] {
        let (id, key) = server.key(Role::Admin).await;
        let text = request(&key, method, path, body);
        let (first, rest) = text.split_at(text.len() - 5);
        let mut caller = server.connect().await;
        caller.write_all(first.as_bytes()).await.unwrap();
        // Its head is read before the key goes: the server has nothing else to do.
        assert!(server.ask(KEY, "GET", "/healthz", "").await.contains(" 200 OK"));
        assert!(removed(&server, &id).await);
        caller.write_all(rest.as_bytes()).await.unwrap();
        let answer = to_the_end(&mut caller).await;
        assert!(answer.starts_with("HTTP/1.1 401 Unauthorized\r\n"), "{path}: {answer}");
    }
    let users = server.ask(KEY, "GET", "/v1/users", "").await;
    assert!(users.contains("\"items\":[]"), "{users}");
    server.stop().await;
}

/// A server on a store that is larger than what the system keeps of an answer.
async fn large(folder: &Scratch) -> Served {
    let url = StoreUrl::Sqlite(folder.path().join("exeunt.db"));
    let server = Served::start_on(open(&url, Incarnation([1; 16])).unwrap(), Config::default()).await;
    let realm = server.app.authority.realm(MAIN).unwrap().id;
    for number in 0..LARGE_USERS {
        let data = serde_json::json!({ "notes": "x".repeat(DATA_BYTES) }).as_object().unwrap().clone();
        let username = Some(Some(format!("user{number}")));
        let user = UserChange { username, data: Some(data), ..UserChange::default() };
        server.app.authority.create_user(&call(&server.app), realm, user).await.unwrap();
    }
    server
}

/// A stream of which the head has come.
async fn begun(server: &Served, key: &str, path: &str) -> TcpStream {
    let mut stream = server.connect().await;
    stream.write_all(request(key, "GET", path, "").as_bytes()).await.unwrap();
    let head = up_to(&mut stream, "\r\n\r\n").await;
    assert!(head.starts_with("HTTP/1.1 200 OK\r\n"), "{head}");
    stream
}

async fn removed(server: &Served, id: &str) -> bool {
    server.ask(KEY, "DELETE", &format!("/v1/keys/{id}"), "").await.starts_with("HTTP/1.1 204 ")
}

/// Returns when no stream is open any more.
async fn all_rooms(server: &Served) {
    let all = u32::try_from(FEEDS_MAX).unwrap();
    drop(timeout(AT_ONCE, server.app.feeds.acquire_many(all)).await.unwrap().unwrap());
}

/// Whether a chunked answer came to its end.
fn ends_whole(answer: &str) -> bool {
    answer.ends_with("\r\n0\r\n\r\n")
}

async fn to_the_end_in_bytes(stream: &mut TcpStream) -> usize {
    to_the_end(stream).await.len()
}

impl Served {
    /// The head of the answer to a request of the administrators.
    async fn connect_and_ask_head(&self, path: &str) -> String {
        let mut stream = self.connect().await;
        stream.write_all(request(KEY, "GET", path, "").as_bytes()).await.unwrap();
        up_to(&mut stream, "\r\n\r\n").await
    }
}
