//! The dialogues in the README and in the pages of the dialects are the ones that `exeunt demo` prints, and show what
//! really happens: each command is pasted into a shell where the demonstration runs, against the real binary.
//! `EXEUNT_BLESS=1` rewrites the output.

use std::io::{BufRead, BufReader};
use std::path::Path;
use std::process::{Child, Command, Stdio};

use crate::support::document::{self, Document};
use crate::support::scratch::Scratch;

/// Where the documents say that the demonstration listens.
const ADDRESS: &str = "127.0.0.1:8080";
/// The documents with a dialogue, in the order in which they are played: one server answers all of them.
const DOCUMENTS: [&str; 4] =
    ["README.md", "docs/dialects/videntity.md", "docs/dialects/runsignup.md", "docs/dialects/rested.md"];

#[test]
fn the_dialogues_of_the_documents_are_those_of_the_demonstration_and_are_true() {
    let (folder, began) = (Scratch::new(), document::now());
    let (demo, printed) = demonstration(folder.path());
    let address = between(&printed, "http://", ". ").to_owned();
    let printed = printed.replace(&address, ADDRESS);
    let played = DOCUMENTS.map(|name| {
        let document = Document::read(name);
        let commands = document.commands();
        for command in &commands {
            assert!(printed.contains(command.as_str()), "the demonstration does not print:\n{command}");
        }
        let commands: Vec<_> = commands.iter().map(|command| command.replace(ADDRESS, &address)).collect();
        let mut shell = Command::new("bash");
        let outputs = document::play(shell.current_dir(folder.path()), "", &commands);
        (document, outputs.iter().map(|output| output.replace(&address, ADDRESS)).collect())
    });
    drop(demo);
    document::must_be_true(&played, began);
}

/// Starts `exeunt demo` in this directory: the child, and what it printed.
fn demonstration(directory: &Path) -> (Killed, String) {
    let mut child = Command::new(env!("CARGO_BIN_EXE_exeunt"))
        .args(["demo", "--listen", "127.0.0.1:0"])
        .current_dir(directory)
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .stderr(Stdio::null())
        .spawn()
        .unwrap();
    let mut out = BufReader::new(child.stdout.take().unwrap());
    let (mut printed, mut line) = (String::new(), String::new());
    while !line.starts_with("-- ready") {
        line.clear();
        assert!(out.read_line(&mut line).unwrap() > 0, "the demonstration did not start:\n{printed}");
        printed += &line;
    }
    (Killed(child), printed)
}

fn between<'a>(text: &'a str, from: &str, to: &str) -> &'a str {
    text.split_once(from).unwrap().1.split_once(to).unwrap().0
}

/// Ends the child whatever happens.
struct Killed(Child);

impl Drop for Killed {
    fn drop(&mut self) {
        drop(self.0.kill());
        drop(self.0.wait());
    }
}
