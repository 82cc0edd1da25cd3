//! `docs/security/asvs.md`: every requirement has its row, and what a row names is there.

use std::collections::BTreeSet;

use crate::source::{self, Source};
use crate::{refuse, root};

const DOCUMENT: &str = "docs/security/asvs.md";

/// The requirements of ASVS 5.0.0 of levels 1 and 2: how many each section has. Those of level 3 come after them.
const SECTIONS: &[(&str, u8)] = &[
    ("6.1", 3),
    ("6.2", 12),
    ("6.3", 4),
    ("6.4", 4),
    ("6.5", 5),
    ("6.6", 3),
    ("6.8", 4),
    ("7.1", 3),
    ("7.2", 4),
    ("7.3", 2),
    ("7.4", 5),
    ("7.5", 2),
    ("7.6", 2),
];

/// A row of a table: its requirement, its state, and what stands behind it.
struct Row<'a> {
    number: &'a str,
    state: &'a str,
    evidence: &'a str,
}

#[test]
fn every_requirement_has_one_row_with_a_state_and_what_shows_it() {
    let expected: Vec<String> = SECTIONS
        .iter()
        .flat_map(|(section, last)| (1..=*last).map(move |number| format!("{section}.{number}")))
        .collect();
    let found: Vec<&str> = rows().map(|row| row.number).collect();
    assert_eq!(found, expected);
    let mut offences = Vec::new();
    for row in rows() {
        let shown = !tests(row.evidence).is_empty() || row.evidence.contains("(../../server/tests/");
        let right = match row.state {
            "met" => shown,
            "not met" | "not applicable" => !row.evidence.is_empty(),
            _ => false,
        };
        if !right {
            offences.push(format!("{DOCUMENT}: {}: {}: {}", row.number, row.state, row.evidence));
        }
    }
    refuse(&offences, "met names a test or a story; not met and not applicable say why");
}

#[test]
fn every_test_and_story_that_is_named_is_there() {
    let mut offences = Vec::new();
    for row in rows() {
        for named in tests(row.evidence) {
            let there = match named.split_once(": ") {
                Some((part, test)) => is_test(part, test),
                None => named.split_once('/').is_some_and(|(dialect, story)| is_story(dialect, story)),
            };
            if !there {
                offences.push(format!("{DOCUMENT}: {}: {named}", row.number));
            }
        }
    }
    refuse(&offences, "a test is `part: name`, a story `dialect/name`: name one that is there");
}

fn rows() -> impl Iterator<Item = Row<'static>> {
    let text = source::all().find(|source| source.path == DOCUMENT).map_or("", |source| source.text.as_str());
    text.lines().filter_map(|line| {
        let cells: Vec<&str> = line.strip_prefix("| ")?.strip_suffix(" |")?.split(" | ").collect();
        let [number, _, state, evidence] = cells[..] else { return None };
        number.starts_with(|first: char| first.is_ascii_digit()).then_some(Row { number, state, evidence })
    })
}

/// What is named between backticks: tests with their part, and stories with their dialect. Calls and options are none.
fn tests(evidence: &str) -> BTreeSet<&str> {
    let is_word = |text: &str| {
        !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'_')
    };
    let named = evidence.split('`').skip(1).step_by(2);
    named
        .filter(|text| {
            text.split_once(": ").or(text.split_once('/')).is_some_and(|(a, b)| is_word(a) && is_word(b))
        })
        .collect()
}

/// Whether this part of the tests (`lib`: a unit test) has a test of this name.
fn is_test(part: &str, test: &str) -> bool {
    let folders = match part {
        "lib" => vec!["server/src/".to_owned(), "core/src/".to_owned()],
        _ => ["server", "core"]
            .iter()
            .flat_map(|room| [format!("{room}/tests/{part}/"), format!("{room}/tests/{part}.rs")])
            .collect(),
    };
    let begins = format!("fn {test}(");
    let declares = |source: &Source| source.code.contains(&begins);
    source::all()
        .any(|source| folders.iter().any(|folder| source.path.starts_with(folder)) && declares(source))
}

fn is_story(dialect: &str, story: &str) -> bool {
    root().join(format!("server/src/dialect/{dialect}/stories/{story}.http")).exists()
}
