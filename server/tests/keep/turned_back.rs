//! A store that was put back to an earlier state behind the server's back: whoever follows notices, the answer names
//! the command that declares it, and that command ends what must not live.

use std::fs;
use std::path::Path;

use serde_json::{Value, json};

use crate::keep::stage::beside;
use crate::support::binary::{Binary, Connection};
use crate::support::run::run;
use crate::support::scratch::Scratch;

fn token(server: &mut Connection, username: &str) -> String {
    let body = json!({ "username": username, "password": "correct horse" }).to_string();
    let (status, user) = server.ask("POST", "/v1/users", &body).unwrap();
    assert_eq!(status, 201, "{user}");
    let (_, session) =
        server.ask("POST", "/v1/sessions", &json!({ "user": user["id"] }).to_string()).unwrap();
    session["token"].as_str().unwrap().to_owned()
}

fn active(server: &mut Connection, token: &str) -> Value {
    server.ask("POST", "/v1/check", &json!({ "token": token }).to_string()).unwrap().1["active"].clone()
}

fn position(server: &mut Connection) -> String {
    server.ask("GET", "/v1/snapshot", "").unwrap().1["position"].as_str().unwrap().to_owned()
}

fn copy(from: &Path, to: &Path) {
    for suffix in ["", "-wal"] {
        let _none = fs::remove_file(beside(to, suffix));
        if beside(from, suffix).exists() {
            fs::copy(beside(from, suffix), beside(to, suffix)).unwrap();
        }
    }
}

#[test]
fn it_is_noticed_and_declared() {
    let folder = Scratch::new();
    let (path, snapshot) = (folder.path().join("exeunt.db"), folder.path().join("snapshot"));
    let store = format!("sqlite:{}", path.display());
    let first = Binary::start(folder.path());
    let mut server = Connection::open(first.address).unwrap();
    let ann = token(&mut server, "ann");
    let early = position(&mut server);
    first.kill();
    copy(&path, &snapshot);

    let second = Binary::start(folder.path());
    let mut server = Connection::open(second.address).unwrap();
    assert_eq!(server.ask("DELETE", "/v1/realm/sessions", "").unwrap().0, 200);
    assert_eq!(active(&mut server, &ann), false);
    let late = position(&mut server);
    second.kill();

    copy(&snapshot, &path);
    let third = Binary::start(folder.path());
    let mut server = Connection::open(third.address).unwrap();
    // Nothing in the store itself tells.
    assert_eq!(active(&mut server, &ann), true);
    let (status, problem) = server.ask("GET", &format!("/v1/marks?after={late}"), "").unwrap();
    assert_eq!(status, 503);
    assert!(
        problem["detail"].as_str().unwrap().ends_with("declare it: exeunt restore --in-place"),
        "{problem}"
    );
    let in_use = run(&["restore", "--in-place", "--yes", "--store", &store]);
    assert_eq!((in_use.code, &*in_use.out), (1, ""));
    assert!(in_use.err.contains("in use by another process"));
    third.kill();

    let unasked = run(&["restore", "--in-place", "--store", &store]);
    assert_eq!(unasked.code, 2);
    assert!(unasked.err.contains("add --yes"), "{}", unasked.err);
    let declared = run(&["restore", "--in-place", "--yes", "--store", &store]);
    assert_eq!(declared.code, 0, "{}", declared.err);
    assert!(declared.out.contains("every session has ended (1 recorded)"));

    let fourth = Binary::start(folder.path());
    let mut server = Connection::open(fourth.address).unwrap();
    assert_eq!(active(&mut server, &ann), false);
    for old in [&early, &late] {
        assert_eq!(server.ask("GET", &format!("/v1/marks?after={old}"), "").unwrap().0, 410);
    }
    let (_, audit) = server.ask("GET", "/v1/audit", "").unwrap();
    let why = audit["items"].as_array().unwrap().iter().find_map(|line| line["mark"]["why"].as_str());
    assert_eq!(why.or_else(|| audit["items"][0]["why"].as_str()), Some("restored"), "{audit}");
}
