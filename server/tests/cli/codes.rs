//! Exit codes, and errors that say what to do.

use crate::support::binary::KEY;
use crate::support::command_line::{PASSWORD, Stage, bare, ran, text};

/// An id that nothing has.
const NOBODY: &str = "00000000000000000000000000000000";

#[test]
fn every_outcome_has_its_code() {
    let stage = Stage::new();
    let alice = stage.user("alice");
    let (session, token) = stage.session(&alice);
    let cases: &[(i32, &str, &[&str], &str)] = &[
        (0, "", &["user", "show", "alice"], ""),
        (0, "", &["user", "show", &alice], ""),
        (2, "", &["user", "show"], "Usage"),
        (2, "", &["user", "add", "--no-password"], "the user would have no name"),
        (2, "", &["user", "add", "bob"], "--password-stdin"),
        (2, "tiny", &["user", "add", "bob", "--password-stdin"], "8 characters"),
        (2, "two\nlines", &["user", "add", "bob", "--password-stdin"], "one line"),
        (2, "", &["user", "add", "bob", "--password-stdin"], "one line"),
        (2, "", &["user", "add", "bob", "--data", "[]"], "not a JSON object"),
        (3, "", &["user", "show", "bob"], "no user bob"),
        (3, "", &["user", "show", NOBODY], "no such user"),
        (3, "", &["client", "show", "shop"], "no client shop"),
        (3, "", &["session", "show", NOBODY], "no such session"),
        (2, "", &["session", "show", "../users"], "hexadecimal"),
        (3, "", &["key", "revoke", NOBODY], "no such key"),
        (3, "", &["user", "list", "--realm", "shop"], "no such realm"),
        (6, PASSWORD, &["user", "add", "alice", "--password-stdin"], "taken"),
        (2, "", &["logout"], "--everybody"),
        (2, "", &["logout", "--everybody", "--user", "alice"], "cannot be used with"),
        (2, "", &["logout", "--everybody"], "--yes"),
        (2, "", &["user", "remove", "alice"], "--yes"),
        (2, "", &["client", "change", "native", "--rotate-secret"], "client native has no secret"),
        (2, "", &["client", "change", "runsignup", "--rotate-secret"], "client runsignup has no secret"),
        (0, &token, &["check"], ""),
        (7, "exs_nothing", &["check"], ""),
        (2, "", &["check"], "one line"),
        (2, "", &["marks", "--after", "x"], "position"),
        (8, "", &["marks", "--after", &format!("{NOBODY}.1")], "does not reach back"),
        (0, "", &["logout", "--session", &session, "--yes"], ""),
        (0, "", &["session", "end", &session], ""),
        (7, &token, &["check"], ""),
        (5, "", &["user", "list", "--url", "http://127.0.0.1:1"], "Is the server running"),
        (5, "", &["marks", "--follow", "--url", "http://127.0.0.1:1"], "Is the server running"),
        (2, "", &["user", "list", "--url", "http://192.0.2.7"], "--allow-plain-http"),
        (2, "", &["user", "list", "--url", "192.0.2.7"], "https://"),
        (2, "", &["user", "list", "--key-file", "nothing.key"], "nothing.key"),
        (5, "", &["user", "list", "--url", "https://127.0.0.1:1"], "Is the server running"),
    ];
    for (code, input, arguments, says) in cases {
        let ran = stage.given(input, arguments);
        assert_eq!(ran.code, *code, "{arguments:?}: {}{}", ran.out, ran.err);
        assert!(ran.err.contains(says), "{arguments:?}: {}", ran.err);
        assert!(matches!(code, 0 | 7) || ran.out.is_empty(), "{arguments:?}: {}", ran.out);
    }
}

#[test]
fn the_key_is_taken_from_the_nearest_place() {
    let stage = Stage::new();
    let unset = |arguments: &[&str]| {
        let mut command = stage.command(arguments);
        command.env_remove("EXEUNT_ADMIN_KEY");
        command
    };
    let none = ran(&mut unset(&["user", "list"]), "");
    assert_eq!(none.code, 4);
    assert!(none.err.contains("--key-file") && none.err.contains("exeunt-data/admin.key"), "{}", none.err);
    let write = |path: &str, key: &str| std::fs::write(stage.scratch.path().join(path), key).unwrap();
    std::fs::create_dir(stage.scratch.path().join("exeunt-data")).unwrap();
    write("exeunt-data/admin.key", &format!("{KEY}\n"));
    assert_eq!(ran(&mut unset(&["user", "list"]), "").code, 0);
    // The server, which has been given its keys, does not know this one.
    write("other.key", "another-key-that-nobody-was-ever-given");
    let other = ran(&mut unset(&["user", "list", "--key-file", "other.key"]), "");
    assert_eq!(other.code, 4);
    assert!(other.err.contains("other.key") && !other.err.contains("nobody-was-ever"), "{}", other.err);
    let mut several = stage.command(&["user", "list"]);
    several.env("EXEUNT_ADMIN_KEY", format!("{KEY},another-key-that-nobody-was-ever-given"));
    assert_eq!(ran(&mut several, "").code, 0);
    assert_eq!(ran(bare(&["user", "list", "--url", "http://127.0.0.1:1"]).current_dir("/"), "").code, 4);
}

#[test]
fn a_key_that_may_only_end_sessions_needs_no_more() {
    let stage = Stage::new();
    let alice = stage.user("alice");
    let (kept, token) = stage.session(&alice);
    let (_, other) = stage.session(&alice);
    let key = stage.run(&["key", "create", "guard", "--role", "end", "--json"]).values();
    let guard = |arguments: &[&str]| {
        let mut command = stage.command(arguments);
        command.env("EXEUNT_ADMIN_KEY", text(&key[0]["key"]));
        ran(&mut command, "")
    };
    let named = guard(&["logout", "--user", "alice", "--yes"]);
    assert_eq!(named.code, 4);
    assert!(named.err.contains("give the id instead, which needs no look-up"), "{}", named.err);
    assert_eq!(guard(&["logout", "--others-of", &kept, "--yes"]).code, 4);
    assert!(guard(&["logout", "--user", &alice, "--dry-run"]).out.contains("2 sessions"));
    assert_eq!(guard(&["session", "end", &kept]).code, 0);
    assert!(!stage.accepts(&token) && stage.accepts(&other));
    assert_eq!(guard(&["logout", "--user", &alice, "--yes"]).code, 0);
    assert!(!stage.accepts(&other));
}

#[test]
fn users_are_named_by_what_people_know_them_by() {
    let stage = Stage::new();
    let add = |arguments: &[&str]| {
        let arguments = [&["user", "add", "--no-password", "--json"], arguments].concat();
        text(&stage.run(&arguments).values()[0]["id"])
    };
    let alice = add(&["alice", "--email", "alice@example.org", "--account-number", "007"]);
    let other = add(&["alice@example.org", "--email", "other@example.org"]);
    let shown = |named: &str| {
        let ran = stage.run(&["user", "show", named, "--json"]);
        (ran.code == 0).then(|| text(&ran.values()[0]["id"])).ok_or(ran.code)
    };
    for named in ["alice", "username:alice", "email:ALICE@example.org", "account:007", &format!("id:{alice}")]
    {
        assert_eq!(shown(named), Ok(alice.clone()), "{named}");
    }
    // One user's username is another's email: neither is taken for the other.
    assert_eq!(shown("alice@example.org"), Err(2));
    assert_eq!(shown("username:alice@example.org"), Ok(other.clone()));
    assert_eq!(shown("OTHER@example.org"), Ok(other));
    assert_eq!(shown("account:7"), Err(3));
    assert_eq!(shown("007"), Err(3));
}

#[test]
fn a_password_that_is_changed_is_the_one_that_counts() {
    let stage = Stage::new();
    let arguments = ["user", "add", "alice", "--account-number", "007", "--password-stdin", "--json"];
    let alice = text(&stage.given(PASSWORD, &arguments).values()[0]["id"]);
    let (_, token) = stage.session(&alice);
    assert_eq!(stage.given("another password\n", &["user", "passwd", "alice", "--password-stdin"]).code, 0);
    assert!(!stage.accepts(&token));
    assert!(!login(&stage, PASSWORD) && login(&stage, "another password"));
    let (_, token) = stage.session(&alice);
    assert_eq!(stage.run(&["user", "disable", "alice"]).code, 0);
    assert!(!stage.accepts(&token));
    assert!(stage.run(&["user", "list"]).out.contains("disabled"));
    assert_eq!(stage.run(&["user", "enable", "alice"]).code, 0);
    assert!(!stage.accepts(&token), "no session comes back to life");
    assert_eq!(stage.run(&["user", "remove", "alice", "--yes"]).code, 0);
    assert_eq!(stage.run(&["user", "show", "alice"]).code, 3);
}

/// Whether Videntity's login takes this password.
fn login(stage: &Stage, password: &str) -> bool {
    let answer = std::process::Command::new("curl")
        .args([
            "-s",
            &format!("{}/session/login", stage.url()),
            "-d",
            "username=alice",
            "-d",
            "account_number=007",
        ])
        .args(["--data-urlencode", &format!("password={password}")])
        .output()
        .unwrap();
    String::from_utf8(answer.stdout).unwrap().contains("<status>SUCCESS</status>")
}
