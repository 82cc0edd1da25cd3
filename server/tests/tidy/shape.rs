//! The shape of files, and words that have no place in them.

use crate::code::names;
use crate::refuse;
use crate::source;

/// The longest file, in lines.
const LINES_MAX: usize = 500;
/// The most lines that sessions and the log of marks take in the memory store.
const LEDGER_LINES_MAX: usize = 400;
/// The most lines of the memory store. Consents and sealing keys are 70 of them: rows and reads, no decision.
const STORE_LINES_MAX: usize = 900;
/// The most that half of the files may have, in lines.
const LINES_MEDIAN_MAX: usize = 150;
/// Names that say nothing of what is inside.
const EMPTY_NAMES: [&str; 16] = [
    "utils",
    "util",
    "common",
    "helpers",
    "helper",
    "manager",
    "service",
    "services",
    "misc",
    "handler_impl",
    "shared",
    "stuff",
    "base",
    "types",
    "models",
    "prelude",
];

#[test]
fn files_are_small() {
    let sizes = sizes();
    let offences: Vec<String> = sizes
        .iter()
        .filter(|(lines, _)| *lines > LINES_MAX)
        .map(|(lines, path)| format!("{path}: {lines} lines, at most {LINES_MAX}"))
        .collect();
    refuse(&offences, "a file holds one idea: move the second one out, tests first");
}

#[test]
fn most_files_are_very_small() {
    let sizes = sizes();
    let (median, _) = sizes[sizes.len() / 2];
    println!("{} files of Rust, median {median} lines, longest {:?}", sizes.len(), sizes.last());
    assert!(
        median <= LINES_MEDIAN_MAX,
        "the median file has {median} lines, more than {LINES_MEDIAN_MAX}: split some"
    );
}

#[test]
fn files_are_named_for_what_they_hold() {
    let offences: Vec<String> = source::all()
        .filter(|source| {
            source.path.split('/').any(|piece| EMPTY_NAMES.contains(&piece.trim_end_matches(".rs")))
        })
        .map(|source| source.path.clone())
        .collect();
    refuse(&offences, "name the noun or the verb that is inside; what has no name has no place");
}

#[test]
fn a_room_of_several_files_is_a_folder_with_a_mod() {
    let files = source::product().filter(|source| source.in_server().is_some());
    let beside = files.filter(|source| source::is_folder(source.path.trim_end_matches(".rs")));
    let offences: Vec<String> = beside.map(|source| source.path.clone()).collect();
    refuse(&offences, "x.rs beside x/: move it to x/mod.rs, so that a listing of server/src is the plan");
}

/// What every store decides alike is in `store/rules/`, so a new store is no more than this. The memory store shows it.
#[test]
fn a_store_is_rows_and_queries_and_nothing_else() {
    let lines = |parts: &[&str]| -> usize {
        let counts = |path: &str| {
            let file = path.strip_prefix("server/src/store/memory/");
            file.is_some_and(|file| parts.is_empty() || parts.contains(&file))
        };
        sizes().into_iter().filter(|(_, path)| counts(path)).map(|(lines, _)| lines).sum()
    };
    let ledger = lines(&["ledger.rs", "rows.rs", "sweep.rs"]);
    let all = lines(&[]);
    let told = format!(
        "the ledger takes {ledger} lines of {LEDGER_LINES_MAX}, the store {all} of {STORE_LINES_MAX}"
    );
    assert!(
        (1..=LEDGER_LINES_MAX).contains(&ledger) && all <= STORE_LINES_MAX,
        "{told}: decide in store/rules/"
    );
}

#[test]
fn nothing_is_left_unfinished() {
    let macros = ["todo!", "unimplemented!", "dbg!"];
    let mut offences: Vec<String> = source::all()
        .filter(|source| source.is_rust())
        .flat_map(|source| source.offences(|line| macros.iter().any(|name| line.contains(name))))
        .collect();
    // In two halves, or this file would offend.
    let hot = [concat!("TO", "DO"), concat!("FIX", "ME"), concat!("XX", "X"), concat!("HA", "CK")];
    for source in source::all() {
        let lines = source.text.lines().enumerate();
        let found = lines.filter(|(_, line)| hot.iter().any(|word| names(line, word)));
        offences.extend(found.map(|(at, line)| format!("{}:{}: {}", source.path, at + 1, line.trim())));
    }
    refuse(&offences, "finish it, or answer `Kind::Unsupported`; what is planned belongs in no source");
}

#[test]
fn lints_are_expected_with_a_reason_never_allowed() {
    let mut offences = Vec::new();
    for source in source::all().filter(|source| source.is_rust()) {
        offences.extend(source.offences(|line| line.contains("#[allow(") || line.contains("#![allow(")));
        let text = &source.code;
        for (at, _) in text.match_indices("#[expect(") {
            let end = text[at..].find(")]").map_or(text.len(), |end| at + end);
            if !text[at..end].contains("reason") {
                let line = text[..at].lines().count().max(1);
                offences.push(format!("{}:{line}: an #[expect] without a reason", source.path));
            }
        }
    }
    refuse(&offences, "#[expect(lint, reason = \"…\")]: it complains when it is not needed any more");
}

#[test]
fn tests_do_not_sleep() {
    let sleeping = ["thread::sleep", "time::sleep"];
    let mut offences = Vec::new();
    for source in source::all().filter(|source| source.is_rust() && source.path.contains("/tests/")) {
        offences.extend(source.offences(|line| sleeping.iter().any(|name| names(line, name))));
    }
    refuse(&offences, "wait for the event, or advance the seeded clock");
}

#[test]
fn no_test_is_switched_off() {
    let mut offences = Vec::new();
    for source in source::all().filter(|source| source.is_rust()) {
        offences.extend(source.offences(|line| line.contains("#[ignore")));
    }
    refuse(
        &offences,
        "a test that does not run proves nothing: make it quick, or let `--long` make it longer",
    );
}

/// The lines of every Rust file, smallest first.
fn sizes() -> Vec<(usize, &'static str)> {
    let rust = source::all().filter(|source| source.is_rust());
    let mut sizes: Vec<_> = rust.map(|source| (source.text.lines().count(), source.path.as_str())).collect();
    sizes.sort_unstable();
    sizes
}
