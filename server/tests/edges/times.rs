//! Times and durations from outside: milliseconds for seconds are found out, and "never" is understood.

use exeunt::app;
use exeunt::config::load;
use exeunt::env::{Env, ManualClocks};
use exeunt::store::Incarnation;
use exeunt::store::memory::MemoryStore;
use exeunt::time::{DURATION_SECS_MAX, Time, duration, time};
use exeunt_core::{Moment, Token};
use serde_json::{Value, json};
use std::fs;
use std::io::Write as _;
use std::process::{Command, Stdio};
use std::sync::Arc;

use crate::support::binary::{Connection, KEY};
use crate::support::scratch::Scratch;

/// 2026-01-02 03:04:05 UTC.
const NOW: u64 = 1_767_323_045;

/// A server at [`NOW`], and Alice.
struct Server {
    running: exeunt::serve::Running,
}

impl Server {
    async fn start() -> Self {
        let env = Env::with_clocks(ManualClocks::new(Moment::from_secs(NOW)));
        let store = Arc::new(MemoryStore::new(Incarnation([1; 16])));
        let app = app::App::open(exeunt::config::Config::default(), env, store, false).await.unwrap();
        app.authority.give_keys(Token::presented(KEY).as_slice(), Moment::from_secs(NOW));
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        let running = exeunt::serve::start_with(app, listener, None, &[]).unwrap();
        let server = Self { running };
        assert_eq!(server.ask("POST", "/v1/users", json!({ "username": "alice" })).await.0, 201);
        server
    }

    async fn ask(&self, method: &'static str, path: &str, body: Value) -> (u16, Value) {
        let (address, path) = (self.running.address, path.to_owned());
        let body = if body.is_null() { String::new() } else { body.to_string() };
        let asking = move || Connection::open(address).unwrap().ask(method, &path, &body).unwrap();
        tokio::task::spawn_blocking(asking).await.unwrap()
    }

    /// Imports a session of Alice with these members: what became of it.
    async fn import(&self, members: Value) -> Value {
        static NUMBER: std::sync::atomic::AtomicU32 = std::sync::atomic::AtomicU32::new(0);
        let number = NUMBER.fetch_add(1, std::sync::atomic::Ordering::SeqCst);
        let mut row = json!({ "username": "alice", "token": format!("a token of enough letters {number}") });
        row.as_object_mut().unwrap().extend(members.as_object().unwrap().clone());
        let body = json!({ "dialect": "native", "sessions": [row] });
        let (status, told) = self.ask("POST", "/v1/sessions/import", body).await;
        assert_eq!(status, 200, "{told}");
        told["results"][0].clone()
    }

    /// Imports it: it is refused for this field, in words that say so.
    async fn refuses(&self, members: Value, field: &str, says: &str) {
        let told = self.import(members.clone()).await;
        let detail = told["detail"].as_str().unwrap_or_default();
        assert_eq!(
            (&told["outcome"], &told["field"]),
            (&"refused".into(), &field.into()),
            "{members}: {told}"
        );
        assert!(detail.contains(says) && detail.starts_with(field), "{members}: {detail}");
    }

    /// Imports it: when it is over.
    async fn takes(&self, members: Value) -> Value {
        let told = self.import(members.clone()).await;
        assert_eq!(told["outcome"], "made", "{members}: {told}");
        let path = format!("/v1/sessions/{}", told["session"].as_str().unwrap());
        self.ask("GET", &path, Value::Null).await.1
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn milliseconds_in_the_times_of_an_import_are_found_out() {
    let server = Server::start().await;
    for (field, secs) in [("issued_at", NOW - 60), ("last_seen_at", NOW - 60), ("expires_at", NOW + 600)] {
        let says = format!("looks like milliseconds: {}000; expected seconds, {secs}", secs);
        let number = secs * 1_000;
        server.refuses(json!({ (field): number }), field, &says).await;
        server.refuses(json!({ (field): number.to_string() }), field, &says).await;
        server.refuses(json!({ (field): number as f64 }), field, &says).await;
        server.refuses(json!({ (field): number * 1_000 }), field, "looks like microseconds").await;
        server.refuses(json!({ (field): number * 1_000_000 }), field, "looks like nanoseconds").await;
        // As seconds, and as text that says the same, it is taken.
        server.takes(json!({ (field): secs })).await;
        server.takes(json!({ (field): secs.to_string() })).await;
        server.takes(json!({ (field): Moment::from_secs(secs).secs() as f64 })).await;
    }
    // What was taken for seconds, and then written out.
    for field in ["issued_at", "last_seen_at", "expires_at"] {
        let says = "were milliseconds taken for seconds";
        server.refuses(json!({ (field): "+057974-10-09T12:03:20Z" }), field, says).await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn never_is_no_end_for_what_ends_and_refused_for_what_was() {
    let server = Server::start().await;
    let nevers = [
        json!(253_402_300_799_u64),
        json!("253402300799"),
        json!("9999-12-31T23:59:59Z"),
        json!("9999-12-31T23:59:59.999999Z"),
        json!("9999-12-31 23:59:59+00"),
        json!("9999-12-31T23:59:59-12:00"),
        json!("9999-12-31 00:00:00"),
        json!("9999-12-31"),
        json!("infinity"),
    ];
    for never in nevers {
        let session = server.takes(json!({ "expires_at": never, "idle_secs": 0 })).await;
        assert_eq!(session["expires_at"], Value::Null, "{never}: {session}");
        for field in ["issued_at", "last_seen_at"] {
            server.refuses(json!({ (field): never }), field, "which means never").await;
        }
    }
    let twice = json!({ "expires_at": "9999-12-31T23:59:59Z", "absolute_secs": 60 });
    let told = server.import(twice).await;
    assert_eq!(told["outcome"], "refused", "{told}");
    // In milliseconds it is found out like any.
    server
        .refuses(json!({ "expires_at": 253_402_300_799_000_u64 }), "expires_at", "looks like milliseconds")
        .await;
    server.refuses(json!({ "expires_at": i64::MAX }), "expires_at", "9999-12-31T23:59:59Z means never").await;
    server.refuses(json!({ "expires_at": "2999-01-01T00:00:00Z" }), "expires_at", "at most ten years").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_no_time_is_told_with_what_was_found() {
    let server = Server::start().await;
    for field in ["issued_at", "last_seen_at", "expires_at"] {
        for (wrong, says) in [
            (json!(-1), "is -1, which is negative; expected seconds since 1970"),
            (json!("-1"), "is -1, which is negative"),
            (json!(1.5), "is 1.5; expected whole seconds since 1970"),
            (json!("1767323045.25"), "expected whole seconds"),
            (json!(1e300), "is 1e300, which is too large"),
            (json!("1e300"), "is 1e300, which is too large"),
            (json!("0000-00-00 00:00:00"), "which is before 1970"),
            (json!("0000-01-01T00:00:00Z"), "which is before 1970"),
            (json!("0001-01-01T00:00:00Z"), "which is before 1970"),
            (json!("1969-12-31T23:59:59Z"), "which is before 1970"),
            (json!("2026-01-02T03:04:05"), "is 2026-01-02T03:04:05, which has no time zone"),
            (json!("2026-01-02"), "is 2026-01-02, which has no time zone"),
            (json!("2026-13-45T03:04:05Z"), "is 2026-13-45T03:04:05Z; expected a time with its zone"),
            (json!(""), "expected a time with its zone"),
            (json!("nan"), "expected a time with its zone"),
            (json!("-infinity"), "expected a time with its zone"),
        ] {
            server.refuses(json!({ (field): wrong }), field, says).await;
        }
        // What may be a secret in the wrong place is not repeated.
        let secret = "hunter2hunter2hunter2";
        let told = server.import(json!({ (field): secret })).await.to_string();
        assert!(told.contains("refused") && !told.contains(secret), "{told}");
        for wrong in [json!(true), json!([1]), json!({})] {
            let told = server.import(json!({ (field): wrong })).await;
            assert_eq!(told["outcome"], "refused", "{told}");
        }
    }
    // Offsets and leap seconds are times.
    for text in ["2026-01-02T04:04:05+01:00", "2026-01-02t03:04:05z", "2026-01-02 03:04:05.123456+00"] {
        let session = server.takes(json!({ "issued_at": text })).await;
        assert!(
            session["issued_at"].as_str().unwrap().starts_with("2026-01-02T03:04:05"),
            "{text}: {session}"
        );
    }
    assert_eq!(time("2016-12-31T23:59:60Z"), time("2016-12-31T23:59:59Z"));
    assert!(matches!(time("2016-12-31T23:59:60Z"), Ok(Time::At(_))));
}

/// Half an hour, an hour, a day, a month in milliseconds; and what is longer than anything may be.
const IN_MILLIS: [u64; 8] =
    [600_000, 1_800_000, 3_600_000, 28_800_000, 86_400_000, 604_800_000, 2_592_000_000, 31_536_000_000];
/// An hour, a day, 30 days, 90 days, 100 days, a year of 365.25 days, 400 days, ten years: in seconds.
const IN_SECS: [u64; 8] =
    [3_600, 86_400, 2_592_000, 7_776_000, 8_640_000, 31_557_600, 34_560_000, 10 * 365 * 86_400];

#[tokio::test(flavor = "multi_thread")]
async fn milliseconds_in_durations_are_found_out_wherever_they_are_given() {
    let server = Server::start().await;
    let (_, users) = server.ask("GET", "/v1/users?username=alice", Value::Null).await;
    let alice = users["items"][0]["id"].clone();
    let (_, client) = server.ask("POST", "/v1/clients", json!({ "name": "there" })).await;
    let there = format!("/v1/clients/{}", client["id"].as_str().unwrap());
    for field in ["idle_secs", "absolute_secs"] {
        for millis in IN_MILLIS {
            let says =
                format!("{field} looks like milliseconds: {millis}; expected seconds, {}", millis / 1_000);
            server.refuses(json!({ (field): millis }), field, &says).await;
            for (method, path, mut body) in [
                ("POST", "/v1/clients", json!({ "name": "new" })),
                ("PATCH", there.as_str(), json!({})),
                ("POST", "/v1/sessions", json!({ "user": alice })),
            ] {
                body[field] = millis.into();
                let (status, told) = server.ask(method, path, body).await;
                assert_eq!(
                    (status, &told["field"], &told["detail"]),
                    (400, &field.into(), &says.clone().into())
                );
            }
        }
        for wrong in [json!(-1), json!(0.5), json!(1e300), json!(u64::from(DURATION_SECS_MAX) + 1)] {
            server.refuses(json!({ (field): wrong }), field, &format!("{field} is ")).await;
            let (status, told) = server.ask("PATCH", &there, json!({ (field): wrong })).await;
            assert_eq!((status, &told["field"]), (400, &field.into()), "{told}");
        }
        for secs in IN_SECS.into_iter().chain([0, DURATION_SECS_MAX.into()]) {
            assert_eq!(server.ask("PATCH", &there, json!({ (field): secs })).await.0, 200, "{secs}");
            server.takes(json!({ (field): secs })).await;
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn times_in_a_query_are_read_in_the_same_way() {
    let server = Server::start().await;
    for name in ["after", "before"] {
        for (text, status, says) in [
            ("2026-01-02T03:04:05Z", 200, ""),
            ("1767323045", 200, ""),
            ("1767323045000", 400, "looks like milliseconds: 1767323045000; expected seconds, 1767323045"),
            ("9999-12-31T23:59:59Z", 400, "means never"),
            ("-5", 400, "negative"),
            ("yesterday", 400, "expected a time with its zone"),
        ] {
            let path = format!("/v1/audit.jsonl?{name}={text}");
            let (told, detail) = server.ask("GET", &path, Value::Null).await;
            assert_eq!(told, status, "{path}: {detail}");
            assert!(detail["detail"].as_str().unwrap_or_default().contains(says), "{path}: {detail}");
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_time_where_a_position_is_wanted_is_found_out() {
    let server = Server::start().await;
    for since in ["1767323045", "1767323045000", "2026-01-02T03:04:05Z"] {
        let body = json!({ "dialect": "native", "sessions": [], "since": since });
        let (status, told) = server.ask("POST", "/v1/sessions/import", body).await;
        let detail = told["detail"].as_str().unwrap();
        assert_eq!((status, &told["field"]), (400, &"since".into()), "{told}");
        assert!(detail.contains("not a time") && detail.contains("exeunt marks"), "{detail}");
        let (status, _) = server.ask("GET", &format!("/v1/marks?after={since}"), Value::Null).await;
        assert_eq!(status, 400);
    }
}

#[test]
fn times_in_the_configuration_have_bounds() {
    let folder = Scratch::new();
    let file = folder.path().join("exeunt.toml");
    let checked = |text: &str| {
        fs::write(&file, text).unwrap();
        let none: [(String, String); 0] = [];
        load(Some(&file), none, &["native", "rested", "runsignup", "videntity"])
            .and_then(|loaded| exeunt::open::check(&loaded.config))
    };
    for millis in IN_MILLIS {
        for name in ["idle_secs", "absolute_secs"] {
            let error = checked(&format!("[dialects.videntity]\n{name} = {millis}")).unwrap_err();
            let says = format!("looks like milliseconds: {millis}; expected seconds, {}", millis / 1_000);
            let public = error.public();
            assert!(public.contains(&says) && public.contains("line 2") && public.contains(name), "{public}");
        }
    }
    for (text, says) in [
        ("dialects.videntity.sunset_at_secs = 1767323045000", "looks like milliseconds: 1767323045000"),
        ("dialects.videntity.deprecated_at_secs = 1767323045000", "expected seconds, 1767323045"),
        ("dialects.videntity.sunset_at_secs = 253402300799", "leave the option out"),
        ("dialects.videntity.sunset_at_secs = -1", "negative"),
        ("dialects.videntity.idle_secs = -1", "negative"),
        ("dialects.videntity.idle_secs = 1.5", "whole seconds"),
        ("dialects.videntity.idle_secs = 4294967295", "expected at most 316224000 seconds"),
        ("dialects.videntity.idle_secs = \"1800\"", "a whole number of seconds"),
        (
            "limits.header_secs = 10000",
            "limits.header_secs looks like milliseconds: 10000; expected seconds, 10",
        ),
        ("limits.grace_secs = 10000", "looks like milliseconds"),
        ("throttle.window_secs = 900000", "looks like milliseconds: 900000; expected seconds, 900"),
    ] {
        let error = checked(text).unwrap_err();
        assert!(error.public().contains(says), "{text}: {}", error.public());
    }
    for secs in IN_SECS.into_iter().chain([0]) {
        checked(&format!("dialects.videntity.idle_secs = {secs}")).unwrap();
    }
    checked("dialects.videntity.sunset_at_secs = 1767323045").unwrap();
    // Variables are laid over the file, with the same bounds.
    let name = "EXEUNT_DIALECTS__VIDENTITY__IDLE_SECS";
    let variable = [(name.to_owned(), "1800000".to_owned())];
    let error = load(None, variable, &["videntity"]).unwrap_err();
    assert!(error.public().starts_with(name) && error.public().contains("milliseconds"), "{error}");
}

#[test]
fn the_command_line_finds_milliseconds_out_before_it_asks() {
    let run = |arguments: &[&str], input: &str| {
        let mut command = Command::new(env!("CARGO_BIN_EXE_exeunt"));
        command.args(arguments).env("EXEUNT_ADMIN_KEY", KEY).env("EXEUNT_URL", "http://127.0.0.1:9");
        let piped = command.stdin(Stdio::piped()).stdout(Stdio::null()).stderr(Stdio::piped());
        let mut child = piped.spawn().unwrap();
        // It may be over before it reads.
        let _unread = child.stdin.take().unwrap().write_all(input.as_bytes());
        let output = child.wait_with_output().unwrap();
        (output.status.code(), String::from_utf8(output.stderr).unwrap())
    };
    for option in ["--idle-secs", "--absolute-secs"] {
        for command in [["client", "add", "shop"], ["client", "change", "shop"]] {
            let (code, said) = run(&[&command[..], &[option, "1800000"]].concat(), "");
            assert_eq!(code, Some(2), "{said}");
            assert!(said.contains("looks like milliseconds: 1800000; expected seconds, 1800"), "{said}");
        }
    }
}

#[test]
fn a_duration_is_read_as_it_is_written() {
    assert_eq!(duration("1.8e3"), Ok(1_800));
    assert_eq!(duration("1800.0"), Ok(1_800));
    for wrong in ["", "NaN", "inf", "1h", "0x10", "1_000", "-0.5", "1e400", "18446744073709551616"] {
        assert!(duration(wrong).is_err(), "{wrong}");
    }
}

/// What other systems write for no time, and an empty text, are no secrets: whoever reads the refusal finds them in the list.
#[test]
fn what_stands_for_no_time_elsewhere_is_repeated_where_it_is_refused() {
    for text in ["-infinity", "inf", "nan", "never", "NULL", "\\N"] {
        let why = time(text).unwrap_err();
        assert!(why.starts_with(&format!("is {text}; expected a time with its zone")), "{why}");
    }
    assert!(time("").unwrap_err().starts_with("is empty; expected a time"));
    let never = exeunt::time::GivenTime::new("infinity").moment("issued_at").unwrap_err();
    assert_eq!(never.public(), "issued_at is infinity, which means never; leave it out if there is no time");
    let secret = time("correct horse").unwrap_err();
    assert!(secret.starts_with("is a text of another kind;"), "{secret}");
}
