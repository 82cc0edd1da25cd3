//! Phrases that were given up: riddles and translated idioms. `phrases.txt` lists them, each with what to write instead.

use crate::code::names;
use crate::refuse;
use crate::source;

const LIST: &str = include_str!("phrases.txt");
/// The picture that explains anchors is the one place that says what a session "hangs from".
const EXEMPT: [(&str, &str); 1] = [("core/src/lib.rs", "hangs from")];
/// The list, this test, and the changelog, which quotes what earlier releases said.
const SKIPPED: [&str; 3] = ["tidy/phrases.txt", "tidy/english.rs", "CHANGELOG.md"];

#[test]
fn given_up_phrases_do_not_come_back() {
    let phrases: Vec<(&str, &str)> = LIST.lines().filter_map(|line| line.split_once(": ")).collect();
    assert_eq!(phrases.len(), LIST.lines().count(), "phrases.txt: each line is `phrase: instead`");
    let mut offences = Vec::new();
    for source in source::all() {
        if SKIPPED.iter().any(|skipped| source.path.ends_with(skipped)) {
            continue;
        }
        for (at, line) in source.text.lines().enumerate() {
            let lower = line.to_lowercase();
            let found = phrases.iter().filter(|(phrase, _)| names(&lower, phrase));
            let found = found.filter(|(phrase, _)| !EXEMPT.contains(&(source.path.as_str(), *phrase)));
            offences.extend(
                found.map(|(phrase, instead)| {
                    format!("{}:{}: `{phrase}`; say: {instead}", source.path, at + 1)
                }),
            );
        }
    }
    refuse(&offences, "see \"English\" in CONTRIBUTING.md");
}
