//! The dialogues in `docs/command-line.md` say what really happens: each command is typed into a shell, against the
//! real binary. `EXEUNT_BLESS=1` rewrites the output.

use std::process::Command;

use crate::binary::KEY;
use crate::stage::Stage;

/// Where the document says that the server listens.
const ADDRESS: &str = "127.0.0.1:8080";
const DOCUMENT: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../docs/command-line.md");
/// The line after which a shell prints the output of a command.
const FENCE: &str = "-- end of output --";

#[test]
fn the_dialogues_of_the_document_are_true() {
    let document = std::fs::read_to_string(DOCUMENT).unwrap();
    let blocks: Vec<&str> =
        document.split("```console\n").skip(1).map(|rest| rest.split("```").next().unwrap()).collect();
    let commands: Vec<Vec<String>> = blocks.iter().map(|block| commands(block)).collect();
    let stage = Stage::new();
    let mut outputs = played(&stage, &commands.concat()).into_iter();
    let mut blessed = document.clone();
    for (block, commands) in blocks.iter().zip(&commands) {
        let told = commands.iter().map(|command| format!("$ {command}\n{}", outputs.next().unwrap()));
        let now: String = told.collect();
        if std::env::var_os("EXEUNT_BLESS").is_some() {
            blessed = blessed.replace(block, &now);
        } else {
            assert_eq!(masked(block), masked(&now), "the document does not say what happens");
        }
    }
    if blessed != document {
        std::fs::write(DOCUMENT, &blessed).unwrap();
    }
}

/// The commands of a dialogue: lines after `$ `, with the lines that continue them.
fn commands(block: &str) -> Vec<String> {
    let mut commands: Vec<String> = Vec::new();
    let mut open = false;
    for line in block.lines() {
        match line.strip_prefix("$ ") {
            Some(command) => commands.push(command.to_owned()),
            None if open => *commands.last_mut().unwrap() += &format!("\n{line}"),
            None => continue,
        }
        open = line.ends_with('\\');
    }
    commands
}

/// What each command prints, one shell playing them all.
fn played(stage: &Stage, commands: &[String]) -> Vec<String> {
    let address = stage.server.address.to_string();
    let mut script = "exec 2>&1 </dev/null\n".to_owned();
    for command in commands {
        // The fence does not take away the exit code that the next command asks for.
        let command = command.replace(ADDRESS, &address);
        script += &format!("(exit $code)\n{command}\ncode=$?; echo '{FENCE}'\n");
    }
    let binary = std::path::Path::new(env!("CARGO_BIN_EXE_exeunt"));
    let path = format!("{}:{}", binary.parent().unwrap().display(), std::env::var("PATH").unwrap());
    let shell = Command::new("bash")
        .args(["-c", &script])
        .env("PATH", path)
        .env("EXEUNT_URL", stage.url())
        .env("EXEUNT_ADMIN_KEY", KEY)
        .output()
        .unwrap();
    let output = String::from_utf8(shell.stdout).unwrap().replace(&address, ADDRESS);
    assert!(!output.contains(KEY), "the key was printed");
    let all: Vec<_> = output.split(&format!("{FENCE}\n")).map(str::to_owned).collect();
    assert_eq!(all.len(), commands.len() + 1, "{output}");
    all
}

/// Ids, keys and times differ each time: long runs of letters and digits become one, and all numbers alike.
fn masked(text: &str) -> String {
    let letter = |c: char| c.is_ascii_alphanumeric();
    let mut masked = String::new();
    for piece in text.split_inclusive(|c| !letter(c)) {
        let (word, rest) = piece.split_at(piece.trim_end_matches(|c| !letter(c)).len());
        let id = word.len() >= 20;
        masked += if id { "ID" } else { word };
        masked += rest;
    }
    let mut out = String::new();
    for c in masked.chars() {
        match c {
            '0'..='9' if out.ends_with('0') => {}
            '0'..='9' => out.push('0'),
            c => out.push(c),
        }
    }
    // A time may come out at a whole second.
    out.replace(".0Z", "Z")
}
