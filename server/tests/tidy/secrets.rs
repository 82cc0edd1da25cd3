//! The rule itself has one place, and so have secrets.

use crate::code::{names, words};
use crate::refuse;
use crate::source::{self, Source};

#[test]
fn only_core_compares_a_stamp_with_a_mark() {
    let offences = outside_core(|line| {
        let stamps =
            operands(line).any(|path| path.ends_with("session.stamp")) || line.contains("session.stamp.cmp(");
        stamps && !operands(line).any(|path| path.ends_with("floor"))
    });
    refuse(&offences, "ask exeunt_core: `judge` for a verdict, `floor` for a bound of a list");
}

#[test]
fn only_core_decides_what_has_expired() {
    let expiry = |word: &str| matches!(word, "deadline" | "expires_at" | "absolute_secs" | "idle_secs");
    let offences = outside_core(|line| {
        let compared = operands(line).any(|path| path.rsplit('.').next().is_some_and(expiry));
        compared && !line.contains("_secs > 0")
    });
    refuse(&offences, "ask exeunt_core::judge with the `now` of the call");
}

#[test]
fn only_sweep_deletes_sessions_and_marks() {
    let mut offences = Vec::new();
    for source in source::all().filter(|source| source.path.starts_with("server/src/store/")) {
        let sweeps = source.path.rsplit('/').next().is_some_and(|name| name.starts_with("sweep"));
        if sweeps || source.path.contains("/migrations/") {
            continue;
        }
        let text = source.text.to_lowercase();
        for (at, line) in text.lines().enumerate() {
            let gone = ["session", "mark"].iter().any(|noun| line.contains(&format!("delete from {noun}")));
            let ended = line.contains("update session") || line.contains("update mark");
            if gone || ended {
                offences.push(format!("{}:{}: {}", source.path, at + 1, line.trim()));
            }
        }
    }
    refuse(&offences, "death is derived: raise a mark; rows go in store/<store>/sweep.rs alone");
}

#[test]
fn only_the_mint_makes_tokens() {
    let mut offences = Vec::new();
    for source in source::product().filter(|source| {
        source.path != "server/src/authority/mint.rs"
            && !source.path.starts_with("core/")
            && source.path != "server/src/env/mod.rs"
    }) {
        offences
            .extend(source.offences(|line| line.contains("Token::sealed") || line.contains("entropy.fill")));
    }
    refuse(&offences, "tokens, ids, keys and salts come from authority/mint.rs");
}

#[test]
fn secrets_cannot_be_printed() {
    let secrets = [
        "Token",
        "PasswordHash",
        "Password",
        "Secret",
        "SealingKey",
        "SealingKeys",
        "SealedText",
        "MasterSecret",
        "MasterSecrets",
        "Unwrapped",
    ];
    let mut offences = Vec::new();
    for source in source::product() {
        for (at, line) in source.code.lines().enumerate() {
            let shown = (line.contains("Debug for ") || line.contains("Display for "))
                && line
                    .split(" for ")
                    .nth(1)
                    .and_then(|rest| words(rest).next())
                    .is_some_and(|name| secrets.contains(&name));
            let declared = line.trim_start().trim_start_matches("pub ").strip_prefix("struct ");
            let secret =
                declared.and_then(|rest| words(rest).next()).is_some_and(|name| secrets.contains(&name));
            if shown || secret && derives_debug(source, at) {
                offences.push(format!("{}:{}: {}", source.path, at + 1, line.trim()));
            }
        }
    }
    refuse(&offences, "a secret has no Debug and no Display: log its `Fingerprint`, hand it out by `expose`");
}

/// Whether one of the attributes above this line derives `Debug`.
fn derives_debug(source: &Source, declared: usize) -> bool {
    let lines: Vec<&str> = source.code.lines().take(declared).collect();
    let above = lines.iter().rev().take_while(|line| {
        let line = line.trim();
        line.is_empty() || line.starts_with("#[")
    });
    above.into_iter().any(|line| line.contains("derive") && names(line, "Debug"))
}

/// The paths on both sides of each order comparison of a line: `a.b` and `c.d` of `a.b >= c.d()`.
fn operands(line: &str) -> impl Iterator<Item = &str> {
    let outside = |c: char| !c.is_alphanumeric() && !matches!(c, '_' | '.');
    let marks = [" < ", " > ", " <= ", " >= "];
    marks.into_iter().flat_map(|mark| line.match_indices(mark)).flat_map(move |(at, mark)| {
        let left = line[..at].trim_end_matches(['(', ')', '?', ' ']);
        let right = line[at + mark.len()..].trim_start_matches(['&', '*']);
        [left.rsplit(outside).next(), right.split(outside).next()].into_iter().flatten()
    })
}

fn outside_core(offends: impl Fn(&str) -> bool) -> Vec<String> {
    let files = source::product().filter(|source| !source.path.starts_with("core/"));
    files.flat_map(|source| source.offences(&offends)).collect()
}

#[test]
fn operands_of_comparisons_are_found() {
    let found = |line| operands(line).collect::<Vec<_>>();
    assert_eq!(found("if mark.at > session.stamp {"), ["mark.at", "session.stamp"]);
    assert_eq!(found("a && b.c() <= self.d.e(f)"), ["b.c", "self.d.e"]);
    assert!(found("fn a() -> Vec<u8> { b >> 2 }").is_empty());
}
