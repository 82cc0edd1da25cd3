//! A small realm beside a huge one: what is read of it costs a bounded look, and yet misses nothing.

#![expect(clippy::unwrap_used, reason = "a test may fail")]

mod scratch;

use std::sync::Arc;

use exeunt::app::App;
use exeunt::authority::feed::AuditLine;
use exeunt::authority::realm::MAIN;
use exeunt::authority::{AuditPlace, Call, Role};
use exeunt::config::Config;
use exeunt::env::Env;
use exeunt::serve::{self, Running};
use exeunt::store::sqlite::{SqliteOptions, SqliteStore};
use exeunt::store::{Incarnation, Ledger, Raise, Store};
use exeunt_core::{Anchor, Moment, RealmId, Stamp, Token, UserId, Why};
use serde_json::Value;
use tokio::io::{AsyncBufReadExt, AsyncReadExt, AsyncWriteExt, BufReader};
use tokio::net::{TcpListener, TcpStream};
use tokio::task::JoinSet;

use self::scratch::Scratch;

/// Marks that one look passes over at most.
const LOOK: u64 = 20_000;
/// Marks of the huge realm between two of the small one: more than one look.
const BETWEEN: u64 = 25_000;

/// Marks that are raised at once.
const AT_ONCE: usize = 1_000;

struct World {
    app: App,
    env: Env,
    store: Arc<SqliteStore>,
    small: RealmId,
    _folder: Scratch,
}

impl World {
    async fn open() -> Self {
        let folder = Scratch::new();
        let options = SqliteOptions::new(folder.path().join("exeunt.db"), Incarnation([1; 16]));
        let store = Arc::new(SqliteStore::open(options).unwrap());
        let env = Env::seeded(1, Moment::from_secs(1_767_323_045));
        let kept: Arc<dyn Store> = store.clone();
        let app = App::open(Config::default(), env.clone(), kept, false).await.unwrap();
        let small = RealmId([0; 16]);
        let mut world = Self { app, env, store, small, _folder: folder };
        world.small = world.app.authority.create_realm(&world.call(), "small").await.unwrap().id;
        world
    }

    fn call(&self) -> Call {
        Call::of_server(&self.env)
    }

    /// A mark on the small realm, and a line that tells of a key of it.
    async fn happen_in_the_small_one(&self) {
        self.env.advance_millis(1000);
        self.store.raise(self.raise(self.small, Anchor::Realm(self.small))).await.unwrap();
        self.env.advance_millis(1000);
        self.key_of_the_small_one().await;
    }

    /// A key that reads the small realm.
    async fn key_of_the_small_one(&self) -> Token {
        let authority = &self.app.authority;
        authority.create_key(&self.call(), "key", Role::Read, Some(self.small)).await.unwrap().1
    }

    /// What a server on this store answers to whoever asks with this key: its lines.
    async fn lines(&self, path: &str, key: &Token) -> Vec<Value> {
        let mut answer = String::new();
        let (mut stream, running) = self.ask(path, key).await;
        stream.read_to_string(&mut answer).await.unwrap();
        drop(running);
        let (head, body) = answer.split_once("\r\n\r\n").unwrap();
        assert!(head.starts_with("HTTP/1.0 200 OK\r\n"), "{answer}");
        body.lines().map(|line| serde_json::from_str(line).unwrap()).collect()
    }

    /// A connection with a server on this store, which was asked this with this key; and the server.
    async fn ask(&self, path: &str, key: &Token) -> (TcpStream, Running) {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let running = serve::start_with(self.app.clone(), listener, None, &[]).unwrap();
        let mut stream = TcpStream::connect(address).await.unwrap();
        let request = format!("GET {path} HTTP/1.0\r\nAuthorization: Bearer {}\r\n\r\n", key.expose());
        stream.write_all(request.as_bytes()).await.unwrap();
        (stream, running)
    }

    /// Marks on as many users of the huge realm.
    async fn happen_in_the_huge_one(&self, count: u64) {
        self.env.advance_millis(1000);
        let realm = self.app.authority.realm(MAIN).unwrap().id;
        let user = |number: u64| Anchor::User(UserId(u128::from(number).to_be_bytes()));
        for first in (0..count).step_by(AT_ONCE) {
            let mut raising = JoinSet::new();
            for number in first..count.min(first + AT_ONCE as u64) {
                let (store, raise) = (self.store.clone(), self.raise(realm, user(number)));
                raising.spawn(async move { store.raise(raise).await.unwrap() });
            }
            raising.join_all().await;
        }
    }

    fn raise(&self, realm: RealmId, anchor: Anchor) -> Raise {
        self.call().raise(anchor, realm, Why::Admin)
    }
}

#[tokio::test]
async fn the_trail_of_a_small_realm_is_read_in_bounded_pages_and_in_order() {
    let world = World::open().await;
    for _ in 0..2 {
        world.happen_in_the_small_one().await;
        world.happen_in_the_huge_one(BETWEEN).await;
    }
    let (mut before, mut read, mut pages) = (AuditPlace::NEWEST, Vec::new(), 0);
    loop {
        let (lines, next) = world.app.authority.audit(Some(world.small), before).await.unwrap();
        read.extend(lines.into_iter().map(|line| match line {
            AuditLine::Entry(entry) => (entry.when, entry.what),
            AuditLine::Mark(mark) => (mark.when, mark.why.word().to_owned()),
        }));
        pages += 1;
        let Some(next) = next else { break };
        assert!(next.mark < before.mark || next.entry < before.entry, "a page gets on");
        before = next;
    }
    assert!(pages > 2 * BETWEEN / LOOK, "{pages} pages");
    assert!(read.is_sorted_by(|newer, older| newer.0 > older.0), "{read:?}");
    let what: Vec<_> = read.iter().map(|(_, what)| &**what).collect();
    assert_eq!(what, ["key.create", "admin", "key.create", "admin", "realm.create"]);
}

/// A page on which there is nothing is not the last one, whatever was asked for.
#[tokio::test]
async fn an_export_goes_on_behind_empty_pages() {
    let world = World::open().await;
    world.happen_in_the_small_one().await;
    world.happen_in_the_huge_one(BETWEEN).await;
    let key = world.key_of_the_small_one().await;
    let what = |line: &Value| {
        let what = [&line["change"]["what"], &line["mark"]["why"], &line["end"]["lines"]];
        what.into_iter().find(|what| !what.is_null()).unwrap().to_string()
    };
    let told = |lines: &[Value]| lines.iter().map(what).collect::<Vec<_>>().join(" ");
    let all = world.lines("/v1/audit.jsonl", &key).await;
    assert_eq!(told(&all), r#""key.create" "key.create" "admin" "realm.create" 4"#);
    let since = all[2]["mark"]["when"].as_str().unwrap();
    let later = world.lines(&format!("/v1/audit.jsonl?after={since}"), &key).await;
    assert_eq!(told(&later), r#""key.create" "key.create" "admin" 3"#);
}

#[tokio::test]
async fn a_stream_goes_on_behind_empty_pages() {
    let world = World::open().await;
    world.happen_in_the_small_one().await;
    world.happen_in_the_huge_one(BETWEEN).await;
    world.happen_in_the_small_one().await;
    let key = world.key_of_the_small_one().await;
    let (stream, running) = world.ask("/v1/feed?after=0", &key).await;
    let mut lines = BufReader::new(stream).lines();
    let mut told = Vec::new();
    let end = (BETWEEN + 2).to_string();
    loop {
        let line = lines.next_line().await.unwrap().unwrap();
        let Some((_, stamp)) = line.strip_prefix("id: ").and_then(|id| id.split_once('.')) else { continue };
        told.push(stamp.to_owned());
        if told.iter().filter(|stamp| **stamp == end).count() == 2 {
            break;
        }
    }
    // Each page is its marks, and the position behind it.
    assert_eq!(told, ["1", &LOOK.to_string(), &end, &end]);
    drop(running);
}

#[tokio::test]
async fn a_snapshot_is_read_in_bounded_pages() {
    let world = World::open().await;
    world.happen_in_the_huge_one(BETWEEN).await;
    world.happen_in_the_small_one().await;
    let upto = world.store.position().await.unwrap().stamp;
    for (realm, expected) in [(None, BETWEEN + 1), (Some(world.small), 1)] {
        let (mut after, mut found, mut pages) = (Stamp::ZERO, 0, 0);
        while after < upto {
            let page = world.app.authority.snapshot(realm, after, upto).await.unwrap();
            assert!(page.marks.len() <= 10_000 && page.position.stamp > after);
            assert!(page.position.stamp.number() - after.number() <= LOOK);
            (after, found, pages) = (page.position.stamp, found + page.marks.len() as u64, pages + 1);
        }
        assert_eq!(found, expected);
        assert!(pages > 1);
    }
}
