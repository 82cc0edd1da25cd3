//! What is printed: JSON for programs, text that cannot steer a terminal, and no complaint when the reader has gone.

use std::fs::File;
use std::process::Stdio;

use serde_json::Value;

use crate::support::command_line::{Stage, bare, ran, text};

#[test]
fn every_command_speaks_json() {
    let stage = Stage::new();
    let alice = stage.user("alice");
    let (session, token) = stage.session(&alice);
    let one = |input: &str, arguments: &[&str]| -> Value {
        let ran = stage.given(input, &[arguments, &["--json"]].concat());
        let lines: Vec<_> = ran.out.lines().collect();
        assert_eq!(lines.len(), 1, "{arguments:?}: {}{}", ran.out, ran.err);
        serde_json::from_str(lines[0]).unwrap()
    };
    assert_eq!(one("", &["user", "list"])["id"], alice.as_str());
    assert_eq!(one("", &["user", "disable", "alice"])["disabled"], true);
    assert_eq!(one("", &["user", "enable", "alice"])["disabled"], false);
    let client = one("", &["client", "add", "shop", "--idle-secs", "0", "--max-sessions", "3"]);
    assert_eq!((&client["idle_secs"], &client["max_sessions"]), (&0.into(), &3.into()));
    let partner = one("", &["client", "add", "partner", "--dialect", "runsignup"]);
    let renewed = one("", &["client", "change", "partner", "--rotate-secret", "--yes"]);
    assert!(renewed["api_secret"].is_string() && renewed["api_secret"] != partner["api_secret"]);
    assert!(one("", &["client", "show", "partner"])["api_secret"].is_null(), "a secret is shown once");
    assert_eq!(one("", &["client", "remove", "shop", "--yes"])["removed"], client["id"]);
    assert_eq!(one("", &["session", "show", &session])["ended_by"]["why"], "disabled");
    assert_eq!(one(&token, &["check", "--why"])["verdict"], "ended");
    assert_eq!(one("", &["session", "end", &session])["found_alive"], false);
    let (kept, _) = stage.session(&alice);
    stage.session(&alice);
    assert_eq!(one("", &["logout", "--others-of", &kept, "--dry-run"])["would_end"], 1);
    assert_eq!(one("", &["logout", "--others-of", &kept, "--yes"])["ended"], 1);
    assert_eq!(one("", &["session", "list"])["id"], kept.as_str());
    assert_eq!(one("", &["logout", "--everybody", "--yes"])["mark"]["anchor"]["kind"], "realm");
    assert_eq!(one("", &["marks", "--limit", "1"])["stamp"], 1);
    assert_eq!(one("", &["realm", "add", "shop"])["name"], "shop");
    let key = one("", &["key", "create", "guard", "--role", "end", "--realm", "shop"]);
    assert!(text(&key["key"]).starts_with("exk_"));
    assert_eq!(one("", &["key", "list", "--realm", "shop"])["name"], "guard");
    assert_eq!(one("", &["key", "revoke", &text(&key["id"])])["revoked"], key["id"]);
    assert_eq!(one("", &["user", "remove", "alice", "--yes"])["removed"], alice.as_str());
}

#[test]
fn lists_are_read_to_their_end_or_their_limit() {
    let stage = Stage::new();
    for number in 0..103 {
        stage.run(&["user", "add", &format!("user-{number:03}"), "--no-password"]);
    }
    let names = |arguments: &[&str]| -> Vec<String> {
        let all = stage.run(&[&["user", "list", "--json"], arguments].concat()).values();
        all.iter().map(|user| text(&user["username"])).collect()
    };
    let expected: Vec<_> = (0..103).map(|number| format!("user-{number:03}")).collect();
    assert_eq!(names(&[]), expected);
    assert_eq!(names(&["--limit", "101"]), expected[..101]);
    assert_eq!(names(&["--limit", "0"]).len(), 0);
    let table = stage.run(&["user", "list"]).out;
    assert_eq!(table.lines().count(), 104, "one heading, however many pages");
    assert!(table.starts_with("ID") && !table.contains('\x1b'));
}

#[test]
fn text_from_elsewhere_cannot_steer_the_terminal() {
    let stage = Stage::new();
    let name = "eve";
    let data = "{\"note\":\"\u{9b}2J\\u001b]0;x\u{202e}nimda\"}";
    assert_eq!(stage.run(&["user", "add", name, "--no-password", "--data", data]).code, 0);
    for arguments in [&["user", "list"][..], &["user", "show", name], &["user", "list", "--json"]] {
        let ran = stage.run(arguments);
        let raw = ran.out.chars().find(|c| c.is_control() && *c != '\n' || *c == '\u{202e}');
        assert_eq!((ran.code, raw), (0, None), "{arguments:?}: {:?}", ran.out);
    }
    let shown = stage.run(&["user", "show", name, "--json"]).values();
    let note = "\u{9b}2J\u{1b}]0;x\u{202e}nimda";
    assert_eq!(shown[0]["data"]["note"], note, "in JSON it is still the same text");
    let missing = stage.run(&["user", "show", "\u{1b}[31mred"]);
    assert!(missing.err.contains("\\u{1b}[31mred") && !missing.err.contains('\u{1b}'), "{:?}", missing.err);
}

#[test]
fn a_reader_that_has_gone_is_no_failure() {
    let stage = Stage::new();
    stage.user("alice");
    let commands: &[&[&str]] = &[
        &["user", "list"],
        &["user", "show", "alice", "--json"],
        &["config", "print"],
        &["completions", "zsh"],
        &["marks"],
        &["user", "--help"],
    ];
    for arguments in commands {
        let (reader, writer) = std::io::pipe().unwrap();
        drop(reader);
        let output = stage.command(arguments).stdin(Stdio::null()).stdout(writer).output().unwrap();
        let error = String::from_utf8(output.stderr).unwrap();
        assert!(output.status.success() && !error.contains("panicked"), "{arguments:?}: {error}");
    }
    // Nobody reads the errors either.
    let (reader, writer) = std::io::pipe().unwrap();
    drop(reader);
    let mut command = stage.command(&["user", "show", "bob"]);
    assert_eq!(command.stdin(Stdio::null()).stderr(writer).status().unwrap().code(), Some(3));
}

#[test]
fn output_that_cannot_be_written_is_a_failure() {
    let stage = Stage::new();
    stage.user("alice");
    let full = File::options().write(true).open("/dev/full").unwrap();
    let output = stage.command(&["user", "list"]).stdin(Stdio::null()).stdout(full).output().unwrap();
    assert_eq!(output.status.code(), Some(1));
    assert!(String::from_utf8(output.stderr).unwrap().contains("cannot write the output"));
}

#[test]
fn the_variables_of_the_command_line_do_not_disturb_the_server() {
    let mut command = bare(&["config", "check"]);
    command.env("EXEUNT_URL", "http://127.0.0.1:1").env("EXEUNT_ADMIN_KEY", "x");
    let checked = ran(&mut command, "");
    assert_eq!((checked.code, checked.err.as_str()), (0, ""));
}
