//! `docs/configuration.md` against the program: every option with its default, and no other.

use std::collections::BTreeMap;
use std::fs;
use std::sync::Arc;

use crate::support::scratch::Scratch;
use exeunt::app::App;
use exeunt::config::{Config, DialectConfig, load};
use exeunt::dialect;
use exeunt::env::Env;
use exeunt::store::Incarnation;
use exeunt::store::memory::MemoryStore;
use serde_json::Value;

const DOCUMENT: &str = include_str!("../../docs/configuration.md");

#[test]
fn every_option_is_documented_with_its_default() {
    assert_eq!(documented(), options());
}

#[test]
fn units_are_those_of_the_names() {
    for row in rows("| `").filter(|row| row.len() == 4) {
        let last = row[0].trim_matches('`').rsplit(['_', '.']).next().unwrap_or_default();
        let unit = match last {
            "secs" => "seconds",
            "bytes" | "hours" | "days" | "failures" | "threads" | "connections" => last,
            _ => continue,
        };
        assert!(row[2].starts_with(unit), "{}: {}", row[0], row[2]);
    }
}

#[test]
fn lifetimes_of_built_in_clients_are_those_of_the_dialects() {
    let lifetimes: Vec<_> = rows("| `")
        .filter(|row| row.len() == 3)
        .map(|row| (row[0].trim_matches('`').to_owned(), row[1].clone(), row[2].clone()))
        .collect();
    let builtins: Vec<_> = dialect::all::ALL
        .iter()
        .filter_map(|dialect| dialect.builtin.as_ref())
        .map(|it| (it.dialect.name().to_owned(), it.idle_secs.to_string(), it.absolute_secs.to_string()))
        .collect();
    assert_eq!(lifetimes, builtins);
}

#[tokio::test]
async fn lifetimes_that_nothing_heeds_are_refused() {
    let config = toml::from_str("[dialects.rested]\nidle_secs = 60").unwrap();
    let store = Arc::new(MemoryStore::new(Incarnation([1; 16])));
    let error = App::open(config, Env::system(), store, false).await.err().unwrap();
    let text = "dialects.rested: idle_secs and absolute_secs belong to each project, not to the dialect; \
                remove them";
    assert_eq!(error.public(), text);
}

/// What is shown to be copied can be copied.
#[test]
fn every_piece_of_configuration_in_the_documents_can_be_read() {
    let docs = concat!(env!("CARGO_MANIFEST_DIR"), "/../docs");
    let mut pieces = 0;
    for folder in ["", "dialects", "gateways"] {
        for entry in fs::read_dir(format!("{docs}/{folder}")).unwrap() {
            let path = entry.unwrap().path();
            let Some("md") = path.extension().and_then(|name| name.to_str()) else { continue };
            let text = fs::read_to_string(&path).unwrap();
            for piece in text.split("```toml\n").skip(1).filter_map(|rest| rest.split("```").next()) {
                toml::from_str::<Config>(piece).unwrap_or_else(|error| panic!("{}: {error}", path.display()));
                pieces += 1;
            }
        }
    }
    assert!(pieces >= 4, "{pieces}");
}

#[test]
fn an_unknown_dialect_in_the_file_is_refused_with_its_place() {
    let folder = Scratch::new();
    let file = folder.path().join("exeunt.toml");
    fs::write(&file, "[dialects.rested]\nenabled = true\n\n  [dialects.typo]\nenabled = true\n").unwrap();
    let error = load(Some(&file), [], &dialect::all::names()).unwrap_err();
    let text = format!(
        "{}: line 4, column 13: unknown dialect `typo`, expected one of native, videntity, runsignup, rested",
        file.display()
    );
    assert_eq!(error.public(), text);
}

#[test]
fn a_variable_for_an_unknown_dialect_is_a_warning() {
    let variables = [("EXEUNT_DIALECTS__TYPO__ENABLED".to_owned(), "false".to_owned())];
    let loaded = load(None, variables, &dialect::all::names()).unwrap();
    assert_eq!(loaded.warnings, ["EXEUNT_DIALECTS__TYPO__ENABLED is not a setting; it is ignored"]);
    assert_eq!(loaded.config, Config::default());
    exeunt::open::check(&loaded.config).unwrap();
}

/// Options with their defaults, as the document shows them.
fn documented() -> BTreeMap<String, String> {
    let four = rows("| `").filter(|row| row.len() == 4);
    four.map(|row| (row[0].trim_matches('`').to_owned(), row[1].trim_matches('`').to_owned())).collect()
}

/// Options with their defaults, as the program has them.
fn options() -> BTreeMap<String, String> {
    let mut found = BTreeMap::new();
    let mut config = serde_json::to_value(Config::default()).unwrap_or_default();
    config["dialects"] = serde_json::json!({ "<name>": DialectConfig::default() });
    flatten("", &config, &mut found);
    found
}

fn flatten(name: &str, value: &Value, found: &mut BTreeMap<String, String>) {
    match value {
        Value::Object(members) => {
            for (member, value) in members {
                let name = if name.is_empty() { member.clone() } else { format!("{name}.{member}") };
                flatten(&name, value, found);
            }
        }
        Value::Null => drop(found.insert(name.to_owned(), "none".to_owned())),
        other => drop(found.insert(name.to_owned(), other.to_string())),
    }
}

/// The cells of the rows that begin so.
fn rows(beginning: &str) -> impl Iterator<Item = Vec<String>> {
    DOCUMENT
        .lines()
        .filter(move |line| line.starts_with(beginning))
        .map(|line| line.trim_matches('|').split(" | ").map(|cell| cell.trim().to_owned()).collect())
}
