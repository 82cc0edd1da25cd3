//! The dialogues in `docs/command-line.md` say what really happens: each command is typed into a shell, against the
//! real binary. `EXEUNT_BLESS=1` rewrites the output.

use std::process::Command;

use crate::support::binary::KEY;
use crate::support::command_line::{Stage, ran};
use crate::support::document::{self, Document};

/// Where the document says that the server listens.
const ADDRESS: &str = "127.0.0.1:8080";
/// Which curl the document was written with.
const CURL: &str = "7.88.1";

#[test]
fn the_dialogues_of_the_document_are_true() {
    let (document, began) = (Document::read("docs/command-line.md"), document::now());
    let stage = Stage::new();
    let address = stage.server.address.to_string();
    let commands: Vec<_> =
        document.commands().iter().map(|command| command.replace(ADDRESS, &address)).collect();
    let mut shell = Command::new("bash");
    shell.env("EXEUNT_URL", stage.url()).env("EXEUNT_ADMIN_KEY", KEY);
    let mut outputs = document::play(&mut shell, "", &commands);
    let curl = ran(Command::new("curl").arg("--version"), "").out;
    let curl = curl.split(' ').nth(1).unwrap();
    for output in &mut outputs {
        assert!(!output.contains(KEY), "the key was printed");
        *output = output.replace(&address, ADDRESS).replace(&format!("curl/{curl}"), &format!("curl/{CURL}"));
        *output = output.replace(&device(curl), &device(CURL));
    }
    document::must_be_true(&[(document, outputs)], began);
}

/// How the server names a device with this version of curl.
fn device(version: &str) -> String {
    format!("curl {}", version.split('.').next().unwrap())
}
