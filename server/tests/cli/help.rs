//! `docs/command-line.md` against `--help`: every command has its line there, with all its options.

use std::collections::BTreeSet;

use crate::support::command_line::{bare, ran};

const DOCUMENT: &str = include_str!("../../../docs/command-line.md");
/// The heading of the options that every command has that asks a server.
const COMMON: &str = "Server and output:";

#[test]
fn every_command_and_option_is_in_the_document() {
    let mut common = BTreeSet::new();
    for path in commands(&[]) {
        let help = help(&path);
        let (own, shared) = help.split_once(COMMON).unwrap_or((&help, ""));
        common.extend(options(shared));
        let typed = format!("| `exeunt {}", path.join(" "));
        let row = DOCUMENT
            .lines()
            .find(|line| line.strip_prefix(&typed).is_some_and(|rest| rest.starts_with([' ', '`'])));
        let row = row.unwrap_or_else(|| panic!("docs/command-line.md has no line {typed}"));
        for option in options(own) {
            assert!(row.contains(&format!("`{option}")), "{typed} … does not tell of {option}");
        }
        let told = row.split('`').skip(1).step_by(2).filter_map(|code| code.split(' ').next());
        let cells: BTreeSet<_> = told.filter(|code| code.starts_with("--")).collect();
        for option in cells {
            assert!(help.contains(option), "{typed} … tells of {option}, which is not there");
        }
    }
    assert!(common.contains("--url") && common.contains("--json"));
    for option in common {
        assert!(
            DOCUMENT.contains(&format!("\n| `{option}")),
            "{option} is not in the table of common options"
        );
    }
}

#[test]
fn the_exit_codes_are_those_of_the_document() {
    let help = help(&[]);
    let (_, codes) = help.split_once("Exit codes:\n").unwrap();
    for line in codes.lines() {
        let (code, what) = line.trim().split_once(' ').unwrap();
        let what = what.trim().rsplit(": ").next().unwrap();
        let row = DOCUMENT.lines().find(|line| line.starts_with(&format!("| {code} |")));
        assert!(row.is_some_and(|row| row.contains(what)), "{line}");
    }
}

#[test]
fn every_shell_gets_its_completions() {
    for shell in ["bash", "zsh", "fish"] {
        let script = ran(&mut bare(&["completions", shell]), "");
        assert_eq!((script.code, script.err.as_str()), (0, ""));
        assert!(script.out.contains("others-of") && script.out.contains("password-stdin"), "{shell}");
    }
    let script = ran(&mut bare(&["completions", "bash"]), "");
    let read = std::process::Command::new("bash").args(["-n", "-c", &script.out]).status().unwrap();
    assert!(read.success());
}

/// The commands below this one that have none below them.
fn commands(path: &[String]) -> Vec<Vec<String>> {
    let help = help(path);
    let Some((_, list)) = help.split_once("Commands:\n") else { return vec![path.to_vec()] };
    let names = list.lines().take_while(|line| !line.is_empty());
    let names = names.filter_map(|line| line.split_whitespace().next()).filter(|name| *name != "help");
    names.flat_map(|name| commands(&[path, &[name.to_owned()]].concat())).collect()
}

fn help(path: &[String]) -> String {
    let arguments: Vec<_> = path.iter().map(String::as_str).chain(["--help"]).collect();
    let told = ran(&mut bare(&arguments), "");
    assert_eq!((told.code, told.err.as_str()), (0, ""));
    told.out
}

/// The long options of a help, but `--help` itself.
fn options(help: &str) -> impl Iterator<Item = String> {
    let lines = help.lines().map(str::trim_start).filter(|line| line.starts_with('-'));
    let found = lines.filter_map(|line| {
        let at = line.find("--")?;
        let end = line[at..].find([' ', '=', '[', ',']).map_or(line.len(), |end| at + end);
        Some(line[at..end].to_owned())
    });
    found.filter(|option| !matches!(option.as_str(), "--help" | "--version"))
}
