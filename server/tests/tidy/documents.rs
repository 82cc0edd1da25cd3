//! Documents: what they point at is there, and what must be run is run.

use std::collections::BTreeSet;

use crate::source::{self, Source};
use crate::{refuse, root};

/// The folder of the decisions.
const DECISIONS: &str = "docs/decisions/";
/// Half a page.
const DECISION_LINES_MAX: usize = 40;

#[test]
fn every_decision_is_numbered_and_half_a_page() {
    let mut offences = Vec::new();
    for (expected, source) in (1..).zip(decisions()) {
        let name = source.path.trim_start_matches(DECISIONS);
        if !name.starts_with(&format!("{expected:04}-")) {
            offences.push(format!("{}: expected number {expected:04}", source.path));
        }
        let lines = source.text.lines().count();
        if lines > DECISION_LINES_MAX {
            offences.push(format!("{}: {lines} lines, at most {DECISION_LINES_MAX}", source.path));
        }
    }
    refuse(&offences, "docs/decisions/NNNN-title.md, numbered from 0001 without gaps, half a page each");
}

#[test]
fn every_decision_has_the_same_form() {
    let mut offences = Vec::new();
    for source in decisions() {
        let number = &source.path[DECISIONS.len()..DECISIONS.len() + 4];
        let title = source.text.strip_prefix(&format!("# {number}: "));
        if !title.is_some_and(|title| title.starts_with(|first: char| first.is_ascii_uppercase())) {
            offences.push(format!("{}: the first line is not `# {number}: A title`", source.path));
        }
        let parts = parts(&source.text);
        if parts != ["Context", "Decision", "Consequences"]
            && parts != ["Context", "Decision", "Alternatives", "Consequences"]
        {
            offences.push(format!("{}: its parts are {}", source.path, parts.join(", ")));
        }
    }
    refuse(
        &offences,
        "a title, then **Context.**, **Decision.**, maybe **Alternatives.**, **Consequences.**",
    );
}

#[test]
fn every_decision_is_listed_under_its_title() {
    let list = documents(DECISIONS).find(|source| source.path.ends_with("README.md"));
    let list = list.map_or("", |source| source.text.as_str());
    let offences: Vec<String> = decisions()
        .filter_map(|source| {
            let (number, title) = source.text.lines().next()?.strip_prefix("# ")?.split_once(": ")?;
            let row = format!("| {number} | [{title}]({}) | ", &source.path[DECISIONS.len()..]);
            (!list.contains(&row)).then(|| format!("{}: {row}", source.path))
        })
        .collect();
    refuse(&offences, "docs/decisions/README.md lists each decision: its number, title and result");
}

#[test]
fn every_story_lies_where_it_is_run() {
    let dialects: BTreeSet<String> = source::folders("server/src/dialect").into_iter().collect();
    let mut offences = Vec::new();
    for source in source::all().filter(|source| source.path.ends_with(".http")) {
        let place =
            source.path.strip_prefix("server/src/dialect/").and_then(|path| path.split_once("/stories/"));
        let run = place.is_some_and(|(dialect, name)| dialects.contains(dialect) && !name.contains('/'));
        if !run {
            offences.push(source.path.clone());
        }
    }
    refuse(&offences, "the runner looks for server/src/dialect/<dialect>/stories/*.http");
}

#[test]
fn what_documents_point_at_is_there() {
    let mut offences = Vec::new();
    for source in source::all().filter(|source| source.path.ends_with(".md")) {
        for target in links(&source.text) {
            let folder = root().join(&source.path);
            let file = target.split('#').next().unwrap_or_default();
            let there = folder.parent().is_some_and(|folder| file.is_empty() || folder.join(file).exists());
            if !there {
                offences.push(format!("{}: {target}", source.path));
            }
        }
    }
    refuse(&offences, "correct the link, or remove it");
}

#[test]
fn the_first_page_leads_to_every_other() {
    let first = documents("docs/").find(|source| source.path == "docs/README.md");
    let led: BTreeSet<String> = links(first.map_or("", |source| source.text.as_str()))
        .into_iter()
        .map(|target| format!("docs/{target}"))
        .collect();
    let pages = documents("docs/").map(|source| &source.path);
    let offences: Vec<String> = pages
        .filter(|path| *path != "docs/README.md" && !path.starts_with(DECISIONS))
        .filter(|path| !led.contains(*path))
        .cloned()
        .collect();
    refuse(&offences, "docs/README.md tells where to find what: a line for each page");
}

#[test]
fn every_module_says_what_it_is_for() {
    let offences: Vec<String> = source::product()
        .filter(|source| !source.path.ends_with("/main.rs") && !source.path.ends_with("/tests.rs"))
        .filter(|source| !source.text.starts_with("//!"))
        .map(|source| source.path.clone())
        .collect();
    refuse(&offences, "begin the file with a `//!` sentence");
}

/// The decisions, in order of number.
fn decisions() -> impl Iterator<Item = &'static Source> {
    documents(DECISIONS).filter(|source| !source.path.ends_with("README.md"))
}

/// The names of the parts of a decision: what is bold at the beginning of a paragraph.
fn parts(text: &str) -> Vec<&str> {
    let bold = text.lines().filter_map(|line| line.strip_prefix("**")?.split_once(".**"));
    bold.map(|(name, _)| name).collect()
}

/// The Markdown files under this folder, in order of name.
fn documents(folder: &str) -> impl Iterator<Item = &'static Source> {
    source::all().filter(move |source| source.path.starts_with(folder) && source.path.ends_with(".md"))
}

/// The targets of the links of a Markdown text that stay in the repository.
fn links(text: &str) -> Vec<&str> {
    let targets = text.split("](").skip(1).filter_map(|rest| rest.split_once(')'));
    targets.map(|(target, _)| target).filter(|target| !target.contains("://")).collect()
}
