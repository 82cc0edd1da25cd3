//! `exeunt marks --follow`: nothing is missed when the connection breaks off, and what cannot be caught up is said.

use std::io::{BufRead, BufReader, Read};
use std::process::{Child, ChildStdout, Stdio};

use std::path::Path;
use std::sync::Arc;

use exeunt::env::Env;
use exeunt::store::sqlite::{SqliteOptions, SqliteStore};
use exeunt::store::{Incarnation, Ledger, Raise, Upkeep, contract};
use exeunt_core::{Anchor, UserId, Why};
use rustix::process::{Pid, Signal, kill_process};
use serde_json::Value;
use tokio::task::JoinSet;

use crate::binary::Binary;
use crate::forwarder::Forwarder;
use crate::scratch::Scratch;
use crate::stage::{Stage, text};

/// Marks in force: more than one page of a snapshot.
const IN_FORCE: u64 = 10_001;
/// Marks that are raised at once.
const AT_ONCE: u64 = 1_000;

struct Follower {
    child: Child,
    lines: std::io::Lines<BufReader<ChildStdout>>,
}

impl Follower {
    fn start(stage: &Stage, arguments: &[&str]) -> Self {
        let mut command = stage.command(&[&["marks", "--follow", "--json"], arguments].concat());
        let mut child =
            command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
        let lines = BufReader::new(child.stdout.take().unwrap()).lines();
        Self { child, lines }
    }

    fn next(&mut self) -> Value {
        serde_json::from_str(&self.lines.next().expect("the stream goes on").unwrap()).unwrap()
    }

    /// Interrupts it: its exit code and what it said.
    fn stop(mut self) -> (Option<i32>, String) {
        kill_process(Pid::from_child(&self.child), Signal::INT).unwrap();
        self.ends()
    }

    fn ends(&mut self) -> (Option<i32>, String) {
        let mut said = String::new();
        self.child.stderr.take().unwrap().read_to_string(&mut said).unwrap();
        (self.child.wait().unwrap().code(), said)
    }
}

#[test]
fn a_broken_connection_is_made_again_and_nothing_is_missed() {
    let stage = Stage::new();
    let wire = Forwarder::to(stage.server.address);
    let url = format!("http://{}", wire.address);
    let out = || stage.run(&["logout", "--everybody", "--yes"]).code;
    assert_eq!(out(), 0);
    let mut follower = Follower::start(&stage, &["--url", &url, "--after", "0"]);
    assert_eq!(follower.next()["stamp"], 1);
    for stamp in 2..5 {
        wire.cut();
        assert_eq!(out(), 0);
        assert_eq!(follower.next()["stamp"], stamp);
    }
    let (code, said) = follower.stop();
    assert_eq!(code, Some(130));
    assert!(said.contains("trying again") && said.contains(".4"), "{said}");
}

#[test]
fn a_position_of_another_life_is_said_and_what_is_in_force_comes_instead() {
    let stage = Stage::new();
    stage.run(&["logout", "--everybody", "--yes"]);
    let alice = stage.user("alice");
    let (session, _) = stage.session(&alice);
    let mut follower = Follower::start(&stage, &["--after", "00000000000000000000000000000000.7"]);
    let reset = follower.next();
    assert_eq!(reset["reset"], true);
    assert!(text(&reset["position"]).ends_with(".1"));
    assert_eq!((&follower.next()["stamp"], &reset["reset"]), (&1.into(), &true.into()));
    stage.run(&["session", "end", &session]);
    assert_eq!(follower.next()["stamp"], 2);
    let (code, said) = follower.stop();
    assert_eq!(code, Some(130));
    assert!(said.contains("no longer reaches back"), "{said}");
}

#[test]
fn what_is_in_force_comes_to_its_last_page() {
    let scratch = Scratch::new();
    raise_many(&scratch.path().join("exeunt.db"));
    let stage = Stage { server: Binary::start(scratch.path()), scratch };
    let mut follower = Follower::start(&stage, &["--after", "00000000000000000000000000000000.7"]);
    let position = text(&follower.next()["position"]);
    for stamp in 1..=IN_FORCE {
        let mark = follower.next();
        assert_eq!((&mark["stamp"], &mark["position"]), (&stamp.into(), &position.as_str().into()));
    }
    stage.run(&["logout", "--everybody", "--yes"]);
    assert_eq!(follower.next()["stamp"], IN_FORCE + 1);
    assert_eq!(follower.stop().0, Some(130));
}

/// Makes a store in which many users were logged out.
#[tokio::main(flavor = "current_thread")]
async fn raise_many(path: &Path) {
    let store = SqliteStore::open(SqliteOptions::new(path.to_owned(), Incarnation([1; 16]))).unwrap();
    let (store, when) = (Arc::new(store), Env::system().now());
    for first in (0..IN_FORCE).step_by(AT_ONCE as usize) {
        let mut raising = JoinSet::new();
        for number in first..IN_FORCE.min(first + AT_ONCE) {
            let user = Anchor::User(UserId(u128::from(number).to_be_bytes()));
            let (store, raise) = (store.clone(), Raise { when, ..contract::raise(user, Why::Admin) });
            raising.spawn(async move { store.raise(raise).await.unwrap() });
        }
        raising.join_all().await;
    }
    store.close().await.unwrap();
}

#[test]
fn a_reader_that_has_gone_ends_it_without_another_mark() {
    let stage = Stage::new();
    stage.run(&["logout", "--everybody", "--yes"]);
    let Follower { mut child, mut lines } = Follower::start(&stage, &["--after", "0"]);
    assert!(lines.next().is_some());
    drop(lines);
    assert_eq!(child.wait().unwrap().code(), Some(0));
}

#[test]
fn a_key_that_is_revoked_ends_it() {
    let stage = Stage::new();
    let key = stage.run(&["key", "create", "reader", "--role", "read", "--json"]).values();
    let file = stage.scratch.path().join("reader.key");
    std::fs::write(&file, text(&key[0]["key"])).unwrap();
    stage.run(&["logout", "--everybody", "--yes"]);
    let mut follower = Follower::start(&stage, &["--key-file", file.to_str().unwrap(), "--after", "0"]);
    assert_eq!(follower.next()["stamp"], 1);
    stage.run(&["key", "revoke", &text(&key[0]["id"])]);
    let (code, said) = follower.ends();
    assert_eq!(code, Some(4), "{said}");
}
