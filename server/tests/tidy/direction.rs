//! The direction of dependencies: who may name whom. The column of rooms is written once, in ARCHITECTURE.md.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::LazyLock;

use crate::code::names;
use crate::refuse;
use crate::root;
use crate::source::{self, Source};

/// What begins the line of ARCHITECTURE.md that lists the rooms, from the top down: `→` parts levels, `|` rooms of one level.
const COLUMN_BEGINS: &str = "main → ";

/// Crates that speak HTTP.
const HTTP: [&str; 8] =
    ["http::", "hyper::", "hyper_util::", "http_body::", "http_body_util::", "axum::", "tower::", "multer::"];

#[test]
fn a_room_names_only_rooms_below_it() {
    let column = column();
    let level = |room: &str| column.iter().position(|level| level.iter().any(|name| name == room));
    let mut offences = Vec::new();
    for source in source::product() {
        let Some(room) = outside_of_tests(source).map(room_of).filter(|room| *room != "lib") else {
            continue;
        };
        let Some(own) = level(room) else {
            offences.push(format!("{}: a room that is not in the column", source.path));
            continue;
        };
        let upward = |line: &str| {
            rooms_named(line)
                .iter()
                .any(|named| *named != room && level(named).is_some_and(|level| level <= own))
        };
        offences.extend(source.offences(upward));
    }
    refuse(&offences, &advice());
}

#[test]
fn the_column_lists_every_room_and_no_other() {
    let there = rooms();
    let listed: BTreeSet<String> = column().concat().into_iter().collect();
    let unlisted =
        there.iter().filter(|room| !listed.contains(**room)).map(|room| format!("{room}: not in the column"));
    let gone = listed
        .iter()
        .filter(|room| !there.contains(room.as_str()))
        .map(|room| format!("{room}: there is no such room"));
    refuse(
        &unlisted.chain(gone).collect::<Vec<_>>(),
        "ARCHITECTURE.md: correct the line that begins with `main → cli`",
    );
}

/// Computed from what files name, whatever the column says.
#[test]
fn no_two_rooms_name_each_other_by_any_way() {
    let mut named: BTreeMap<&str, BTreeMap<&str, &str>> = BTreeMap::new();
    for source in source::product() {
        let Some(room) = outside_of_tests(source).map(room_of) else { continue };
        for other in source.code.lines().flat_map(rooms_named).filter(|other| *other != room) {
            named.entry(room).or_default().entry(other).or_insert(&source.path);
        }
    }
    let mut offences = Vec::new();
    for (room, others) in &named {
        let back = others.iter().filter(|(other, _)| reached(&named, other).contains(room));
        offences.extend(
            back.map(|(other, path)| format!("{path}: {room} names {other}, which leads back to {room}")),
        );
    }
    refuse(&offences, &advice());
}

#[test]
fn what_answers_never_names_the_store() {
    let edge = ["dialect/", "gate/", "http/", "serve/", "task/"];
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
        if path == "all.rs" {
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
        "what two dialects share is a file directly under dialect/; the list of all is in dialect/all.rs",
    );
}

#[test]
fn only_the_list_of_dialects_names_a_dialect() {
    let paths: Vec<String> = dialects().iter().map(|name| format!("dialect::{name}")).collect();
    let offences =
        in_server(|path| !path.starts_with("dialect/"), |line| paths.iter().any(|path| names(line, path)));
    refuse(
        &offences,
        "iterate `dialect::all::ALL`: what one dialect needs of the server is a field of `Dialect`",
    );
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
    for source in source::product().filter(|source| source.path != "server/src/env/mod.rs") {
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

/// The names of the dialects: their folders. A folder beside a file of its name is part of what all dialects share.
fn dialects() -> Vec<String> {
    let mut names = source::folders("server/src/dialect");
    names.retain(|name| !source::all().any(|source| source.path == format!("server/src/dialect/{name}.rs")));
    names
}

/// Every room that a room names, itself or through others.
fn reached<'a>(named: &BTreeMap<&'a str, BTreeMap<&'a str, &str>>, from: &'a str) -> BTreeSet<&'a str> {
    let (mut seen, mut open) = (BTreeSet::new(), vec![from]);
    while let Some(room) = open.pop() {
        let next = named.get(room).into_iter().flat_map(BTreeMap::keys).filter(|next| seen.insert(**next));
        open.extend(next);
    }
    seen
}

/// `dialect` of `dialect/native/mod.rs`, `app` of `app.rs`.
fn room_of(path: &str) -> &str {
    path.split_once('/').map_or(path.trim_end_matches(".rs"), |(folder, _)| folder)
}

/// The path in the server of a file that is more than tests: those put a server together, and may name anything.
fn outside_of_tests(source: &Source) -> Option<&str> {
    source.in_server().filter(|path| !path.ends_with("/tests.rs"))
}

/// Every room of the server; `lib.rs` only lists them.
fn rooms() -> &'static BTreeSet<&'static str> {
    static ROOMS: LazyLock<BTreeSet<&str>> = LazyLock::new(|| {
        source::product().filter_map(outside_of_tests).map(room_of).filter(|room| *room != "lib").collect()
    });
    &ROOMS
}

/// The levels of the column, from the top down.
fn column() -> Vec<Vec<String>> {
    let line = column_line();
    line.split('→').map(|level| level.split('|').map(|room| room.trim().to_owned()).collect()).collect()
}

fn column_line() -> String {
    let text = std::fs::read_to_string(root().join("ARCHITECTURE.md")).expect("ARCHITECTURE.md can be read");
    let line = text.lines().map(str::trim).find(|line| line.starts_with(COLUMN_BEGINS));
    line.expect("ARCHITECTURE.md has the column of rooms").to_owned()
}

fn advice() -> String {
    format!(
        "ARCHITECTURE.md says\n  {}\n  and a room names only what stands to its right: turn the dependency around, or move the \
         thing down to where both may use it",
        column_line()
    )
}

/// The rooms that a line names from the root of the crate.
fn rooms_named(line: &str) -> Vec<&str> {
    let after = |path: &'static str| line.match_indices(path).map(move |(at, _)| &line[at + path.len()..]);
    let mut named = Vec::new();
    for rest in after("crate::") {
        match rest.strip_prefix('{') {
            Some(group) => named.extend(group.split(',').filter_map(first_word)),
            None => named.extend(first_word(rest)),
        }
    }
    let rooms = rooms();
    named.retain(|name| rooms.contains(name));
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
fn rooms_are_found_in_paths_and_groups() {
    assert_eq!(rooms_named("use crate::{authority::Call, store, other};"), ["authority", "store"]);
    assert_eq!(rooms_named("pub fn a(_: crate::app::App) {}"), ["app"]);
    assert_eq!(room_of("dialect/native/mod.rs"), "dialect");
}
