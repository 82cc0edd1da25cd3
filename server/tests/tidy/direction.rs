//! The direction of dependencies: who may name whom.

use crate::code::names;
use crate::refuse;
use crate::source::{self, Source};

/// What each part of the server may name of the others; whatever is not in the list is refused. `core` is a crate
/// of its own, and everybody may name it.
const LAYERS: &[(&str, &[&str])] = &[
    ("error", &[]),
    ("clock", &[]),
    ("time", &["error"]),
    ("env", &["clock", "error"]),
    ("headers", &[]),
    ("address", &["headers", "error"]),
    ("message", &["headers"]),
    ("device", &[]),
    ("date", &[]),
    ("whole", &[]),
    ("failures", &[]),
    ("store", &["env", "error"]),
    ("authority", &["store", "env", "time", "error"]),
    ("numbers", &["authority", "error"]),
    ("config", &["authority", "time", "error"]),
    ("shares", &[]),
    ("places", &["authority", "shares"]),
    ("tls", &["config", "date", "error"]),
    (
        "app",
        &[
            "dialect",
            "date",
            "tls",
            "metrics",
            "numbers",
            "failures",
            "shares",
            "authority",
            "store",
            "config",
            "env",
            "error",
        ],
    ),
    ("exchange", &["app", "authority", "config", "headers", "whole", "env", "error"]),
    ("log", &["app", "dialect", "exchange", "config", "env", "error"]),
    ("metrics", &["app", "log", "tls", "error"]),
    (
        "dialect",
        &[
            "app",
            "exchange",
            "front",
            "headers",
            "address",
            "device",
            "numbers",
            "metrics",
            "shares",
            "authority",
            "config",
            "env",
            "time",
            "error",
        ],
    ),
    ("console", &["app", "exchange", "front", "device", "authority", "config", "env", "error"]),
    ("task", &["app", "tls", "authority", "config", "env", "error"]),
    (
        "front",
        &[
            "app", "dialect", "console", "exchange", "log", "message", "metrics", "headers", "address",
            "date", "config", "places", "whole", "env", "error",
        ],
    ),
    ("linger", &["whole"]),
    ("patience", &[]),
    ("hot", &["front", "exchange", "dialect", "headers", "message", "whole"]),
    (
        "serve",
        &[
            "front", "hot", "linger", "patience", "places", "address", "whole", "task", "app", "config",
            "env", "error",
        ],
    ),
    ("cli", ANYTHING),
];

/// For the command line: it puts the server together.
const ANYTHING: &[&str] = &[
    "serve",
    "front",
    "task",
    "dialect",
    "app",
    "exchange",
    "log",
    "numbers",
    "authority",
    "store",
    "config",
    "date",
    "places",
    "address",
    "tls",
    "env",
    "time",
    "error",
];

/// Crates that speak HTTP.
const HTTP: [&str; 8] =
    ["http::", "hyper::", "hyper_util::", "http_body::", "http_body_util::", "axum::", "tower::", "multer::"];

#[test]
fn a_part_names_only_what_it_may() {
    let mut offences = Vec::new();
    for source in source::product() {
        let Some(part) = outside_of_tests(source).map(part_of) else { continue };
        if matches!(part, "main" | "lib") {
            continue;
        }
        let Some((_, below)) = LAYERS.iter().find(|(name, _)| *name == part) else {
            offences.push(format!("{}: a part that direction.rs does not know", source.path));
            continue;
        };
        let upward =
            |line: &str| parts_named(line).iter().any(|named| *named != part && !below.contains(named));
        offences.extend(source.offences(upward));
    }
    refuse(
        &offences,
        "main → cli → serve → { dialect, console, task } → app → authority → store → core (LAYERS in direction.rs): \
         turn the dependency around, or move the thing down to where both may use it",
    );
}

#[test]
fn the_edge_parts_never_name_the_store() {
    let edge = ["dialect/", "console/", "task/"];
    let offences = in_server(
        |path| edge.iter().any(|folder| path.starts_with(folder)),
        |line| names(line, "store::") || names(line, "Ledger") || names(line, "Directory"),
    );
    refuse(
        &offences,
        "call a verb of `Authority`; data types of the store are re-exported by `crate::authority`",
    );
}

#[test]
fn a_dialect_never_names_another_dialect() {
    let dialects = dialects();
    let mut offences = Vec::new();
    for source in source::product() {
        let Some(path) = source.in_server().and_then(|path| path.strip_prefix("dialect/")) else { continue };
        let own = path.split_once('/').map(|(folder, _)| folder);
        if path == "mod.rs" {
            continue;
        }
        let others: Vec<String> = dialects
            .iter()
            .filter(|name| Some(name.as_str()) != own)
            .flat_map(|name| {
                [format!("dialect::{name}"), format!("super::{name}::"), format!("super::{name};")]
            })
            .collect();
        offences.extend(source.offences(|line| others.iter().any(|other| names(line, other))));
    }
    refuse(
        &offences,
        "what two dialects share is a file directly under dialect/; the list of all is in dialect/mod.rs",
    );
}

#[test]
fn only_the_list_of_dialects_names_a_dialect() {
    let paths: Vec<String> = dialects().iter().map(|name| format!("dialect::{name}")).collect();
    let offences =
        in_server(|path| !path.starts_with("dialect/"), |line| paths.iter().any(|path| names(line, path)));
    refuse(&offences, "iterate `dialect::ALL`: what one dialect needs of the server is a field of `Dialect`");
}

#[test]
fn the_inside_never_names_http() {
    let inside =
        |path: &str| path.starts_with("authority/") || path.starts_with("store/") || path == "error.rs";
    let offences = in_server(inside, |line| HTTP.iter().any(|name| names(line, name)));
    refuse(
        &offences,
        "statuses and headers belong to a dialect: answer a value, or an `Error` with a `Kind`",
    );
}

#[test]
fn core_forbids_unsafe_code_and_names_no_io() {
    let lib = source::all().find(|source| source.path == "core/src/lib.rs").expect("core has a root");
    assert!(
        lib.code.contains("#![forbid(unsafe_code)]"),
        "core/src/lib.rs: #![forbid(unsafe_code)] is missing"
    );
    let io = [
        "std::io",
        "std::fs",
        "std::net::Tcp",
        "std::thread",
        "std::time",
        "std::env",
        "std::process",
        "async ",
    ];
    let mut offences = Vec::new();
    for source in source::product().filter(|source| source.path.starts_with("core/")) {
        offences.extend(source.offences(|line| io.iter().any(|name| names(line, name))));
    }
    refuse(&offences, "core is pure: do it in the server and pass the value in");
}

#[test]
fn the_clock_and_randomness_are_read_in_env_alone() {
    let outside = [
        "SystemTime::now",
        "Instant::now",
        "getrandom::",
        "rand::",
        "thread_rng",
        "OsRng",
        "SysRng",
        "Utc::now",
        "Zoned::now",
        "Timestamp::now",
        "ThreadRng",
        "/dev/urandom",
    ];
    let mut offences = Vec::new();
    for source in source::product().filter(|source| source.path != "server/src/env.rs") {
        offences.extend(source.offences(|line| outside.iter().any(|name| names(line, name))));
    }
    refuse(&offences, "take `now: Moment`, or a `Mint`, as an argument: only env.rs asks the world");
}

#[test]
fn only_main_and_the_command_line_print() {
    let quiet = |path: &str| !path.starts_with("cli/") && path != "main.rs";
    let print = ["println!", "eprintln!", "print!", "eprint!"];
    let offences = in_server(quiet, |line| print.iter().any(|name| line.contains(name)));
    refuse(&offences, "log with `tracing`, or print in cli/");
}

/// The path in the server of a file that is more than tests: those put a server together, and may name anything.
fn outside_of_tests(source: &Source) -> Option<&str> {
    source.in_server().filter(|path| !path.ends_with("/tests.rs"))
}

/// The names of the dialects: their folders. A folder beside a file of its name is part of what all dialects share.
fn dialects() -> Vec<String> {
    let mut names = source::folders("server/src/dialect");
    names.retain(|name| !source::all().any(|source| source.path == format!("server/src/dialect/{name}.rs")));
    names
}

/// `dialect` of `dialect/native/mod.rs`, `serve` of `serve.rs`.
fn part_of(path: &str) -> &str {
    path.split_once('/').map_or(path.trim_end_matches(".rs"), |(folder, _)| folder)
}

/// The parts of the server that a line names from the root of the crate.
fn parts_named(line: &str) -> Vec<&str> {
    let after = |path: &'static str| line.match_indices(path).map(move |(at, _)| &line[at + path.len()..]);
    let mut named = Vec::new();
    for rest in after("crate::") {
        match rest.strip_prefix('{') {
            Some(group) => named.extend(group.split(',').filter_map(first_word)),
            None => named.extend(first_word(rest)),
        }
    }
    named.retain(|name| LAYERS.iter().any(|(part, _)| part == name));
    named
}

fn first_word(text: &str) -> Option<&str> {
    let text = text.trim_start();
    let end = text.find(|c: char| !c.is_alphanumeric() && c != '_').unwrap_or(text.len());
    (end > 0).then(|| &text[..end])
}

fn in_server(which: impl Fn(&str) -> bool, offends: impl Fn(&str) -> bool) -> Vec<String> {
    let files = source::product().filter(|source| outside_of_tests(source).is_some_and(&which));
    files.flat_map(|source: &Source| source.offences(&offends)).collect()
}

#[test]
fn parts_are_found_in_paths_and_groups() {
    assert_eq!(parts_named("use crate::{authority::Call, store, other};"), ["authority", "store"]);
    assert_eq!(parts_named("pub fn a(_: crate::app::App) {}"), ["app"]);
    assert_eq!(part_of("dialect/native/mod.rs"), "dialect");
}
