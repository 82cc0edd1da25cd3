//! `openapi.json` against what it describes: every route and nothing else, and every answer that a story recorded.

use std::collections::BTreeSet;
use std::path::Path;

use exeunt::dialect::native::RESOURCES;
use exeunt::gate;
use serde_json::Value;

use crate::schema::{check, resolve};

/// The description as it is served.
pub(crate) fn document() -> Value {
    serde_json::from_str(include_str!("../../src/dialect/native/openapi.json")).unwrap()
}

/// Method, path and description of every call.
pub(crate) fn operations(document: &Value) -> Vec<(String, &str, &Value)> {
    let paths = document["paths"].as_object().unwrap();
    let all = paths.iter().flat_map(|(path, verbs)| {
        let verbs = verbs.as_object().unwrap().iter();
        verbs.map(move |(method, operation)| (method.to_uppercase(), path.as_str(), operation))
    });
    all.collect()
}

/// Methods that a path may have beside those in the table.
const ANSWERED_EVERYWHERE: [&str; 2] = ["405", "500"];

#[test]
fn every_route_is_described_and_nothing_else() {
    let document = document();
    let described: BTreeSet<_> = operations(&document)
        .into_iter()
        .map(|(method, path, operation)| {
            let mut names: Vec<_> = parameters(&document, operation)
                .into_iter()
                .filter(|parameter| parameter["in"] == "query")
                .map(|parameter| parameter["name"].as_str().unwrap().to_owned())
                .collect();
            names.sort();
            (method, pattern(path), operation["operationId"].as_str().unwrap().to_owned(), names)
        })
        .collect();
    let routed: BTreeSet<_> = RESOURCES
        .iter()
        .flat_map(|(path, verbs)| {
            verbs.iter().map(|verb| {
                let names = verb.route.parameters.iter().map(|name| (*name).to_owned()).collect::<Vec<_>>();
                (verb.method.to_string(), (*path).to_owned(), verb.route.call.to_owned(), names)
            })
        })
        .chain(
            gate::PATHS.map(|(path, call)| ("GET".to_owned(), path.to_owned(), call.to_owned(), Vec::new())),
        )
        .collect();
    assert_eq!(described, routed);
}

#[test]
fn every_reference_points_at_something_and_everything_is_referred_to() {
    let document = document();
    let mut found = BTreeSet::new();
    references(&document, &mut found);
    for reference in &found {
        resolve(&document, &Value::String(reference.clone())).unwrap();
    }
    for part in ["schemas", "responses", "parameters"] {
        for name in document["components"][part].as_object().unwrap().keys() {
            assert!(
                found.contains(&format!("#/components/{part}/{name}")),
                "nothing refers to {part}/{name}"
            );
        }
    }
}

#[test]
fn recorded_answers_are_as_described() {
    let document = document();
    let mut succeeded = BTreeSet::new();
    for recorded in recorded() {
        let path = recorded.path.split('?').next().unwrap();
        let method = if recorded.method == "HEAD" { "GET" } else { &recorded.method };
        let all = operations(&document);
        let found = all.iter().find(|(other, pattern, _)| other == method && fits(pattern, path));
        let Some((_, pattern, operation)) = found else { continue };
        let at = format!("{}: {} {} {}", recorded.story, recorded.method, recorded.path, recorded.status);
        if ANSWERED_EVERYWHERE.contains(&recorded.status.as_str()) {
            continue;
        }
        let answer = operation["responses"].get(&recorded.status);
        let answer = answer.unwrap_or_else(|| panic!("{at}: this status is not described"));
        let answer = answer.get("$ref").map_or(answer, |reference| resolve(&document, reference).unwrap());
        if recorded.status.starts_with('2') {
            succeeded.insert(format!("{method} {pattern}"));
        }
        if recorded.method != "HEAD" {
            must_fit(&document, answer, &recorded, &at);
        }
    }
    let may_succeed = |operation: &Value| {
        operation["responses"].as_object().unwrap().keys().any(|status| status.starts_with('2'))
    };
    let all = operations(&document);
    let all = all.iter().filter(|(_, _, operation)| may_succeed(operation));
    let all: BTreeSet<_> = all.map(|(method, path, _)| format!("{method} {path}")).collect();
    assert_eq!(all, succeeded, "every call succeeds in some story");
}

#[test]
fn every_problem_is_in_the_documents() {
    let text = include_str!("../../../docs/native.md");
    for recorded in recorded().iter().filter(|recorded| recorded.content_type == "application/problem+json") {
        let Ok(body) = serde_json::from_str::<Value>(&recorded.body) else { continue };
        let word = body["type"].as_str().unwrap().trim_start_matches("urn:exeunt:problem:").to_owned();
        let row = format!("| `{word}` | {} |", recorded.status);
        assert!(text.contains(&row), "{}: docs/native.md has no {row}", recorded.story);
    }
}

fn must_fit(document: &Value, answer: &Value, recorded: &Recorded, at: &str) {
    let Some(content) = answer.get("content") else {
        assert_eq!(recorded.body, "", "{at}: a body is not described");
        return;
    };
    let content = content.get(&recorded.content_type);
    let content = content.unwrap_or_else(|| panic!("{at}: {} is not described", recorded.content_type));
    if recorded.content_type.ends_with("json") && !recorded.content_type.ends_with("ndjson") {
        let body = serde_json::from_str(&recorded.body).unwrap_or_else(|error| panic!("{at}: {error}"));
        check(document, &content["schema"], &body, at).unwrap();
    }
}

/// An answer in a story.
struct Recorded {
    story: String,
    method: String,
    path: String,
    status: String,
    content_type: String,
    body: String,
}

fn recorded() -> Vec<Recorded> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("src/dialect/native/stories");
    let mut all = Vec::new();
    for entry in std::fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        let story = path.file_stem().unwrap().to_string_lossy().into_owned();
        let text = std::fs::read_to_string(&path).unwrap();
        let mut lines = text.lines().peekable();
        while let Some(line) = lines.next() {
            let Some(first) = line.strip_prefix("> ") else { continue };
            while lines.next_if(|line| line.starts_with('>')).is_some() {}
            let answer: Vec<_> = std::iter::from_fn(|| lines.next_if(|line| line.starts_with('<')))
                .map(|line| line.get(2..).unwrap_or_default())
                .collect();
            all.extend(read(&story, first, &answer));
        }
    }
    all
}

fn read(story: &str, request: &str, answer: &[&str]) -> Option<Recorded> {
    let mut words = request.split(' ');
    let (method, path) = (words.next()?, words.next()?);
    let status = answer.first()?.split(' ').nth(1)?;
    let end = answer.iter().position(|line| line.is_empty()).unwrap_or(answer.len());
    let content_type = answer[..end].iter().find_map(|line| line.strip_prefix("Content-Type: "));
    Some(Recorded {
        story: story.to_owned(),
        method: method.to_owned(),
        path: path.to_owned(),
        status: status.to_owned(),
        content_type: content_type.unwrap_or_default().split(';').next()?.to_owned(),
        body: answer.get(end + 1..).unwrap_or_default().join("\n"),
    })
}

fn parameters<'a>(document: &'a Value, operation: &'a Value) -> Vec<&'a Value> {
    let all = operation.get("parameters").and_then(Value::as_array).into_iter().flatten();
    all.map(|it| it.get("$ref").map_or(it, |reference| resolve(document, reference).unwrap())).collect()
}

fn references(value: &Value, found: &mut BTreeSet<String>) {
    match value {
        Value::Object(members) => {
            found.extend(members.get("$ref").and_then(Value::as_str).map(str::to_owned));
            members.values().for_each(|member| references(member, found));
        }
        Value::Array(elements) => elements.iter().for_each(|element| references(element, found)),
        _ => {}
    }
}

/// `/v1/users/{}` of `/v1/users/{user}`.
fn pattern(path: &str) -> String {
    let segments = path.split('/').map(|segment| if segment.starts_with('{') { "{}" } else { segment });
    segments.collect::<Vec<_>>().join("/")
}

fn fits(pattern: &str, path: &str) -> bool {
    let (pattern, path): (Vec<_>, Vec<_>) = (pattern.split('/').collect(), path.split('/').collect());
    pattern.len() == path.len()
        && pattern.iter().zip(&path).all(|(wanted, found)| wanted.starts_with('{') || wanted == found)
}
