//! The dialogues in the README and in the pages of the dialects are the ones that `exeunt demo` prints, and show what
//! really happens: each command is pasted into a shell where the demonstration runs, against the real binary.
//! `EXEUNT_BLESS=1` rewrites the output.

#![cfg(test)]

use std::io::{BufRead, BufReader, Read};
use std::path::Path;
use std::process::{Child, Command, Stdio};

/// Where the documents say that the demonstration listens.
const ADDRESS: &str = "127.0.0.1:8080";
/// The documents with a dialogue, in the order in which they are played: one server answers all of them.
const DOCUMENTS: [&str; 4] =
    ["README.md", "docs/dialects/videntity.md", "docs/dialects/runsignup.md", "docs/dialects/rested.md"];
/// The line after which a shell prints the output of a command.
const FENCE: &str = "-- end of output --";

#[test]
fn the_dialogues_of_the_documents_are_those_of_the_demonstration_and_are_true() {
    let directory = std::env::temp_dir().join(format!("exeunt-readme-{}", std::process::id()));
    // An earlier process of the same number may have left it.
    let _stale = std::fs::remove_dir_all(&directory);
    std::fs::create_dir_all(&directory).unwrap();
    let (demo, printed) = demonstration(&directory);
    let address = between(&printed, "http://", ". ").to_owned();
    let printed = printed.replace(&address, ADDRESS);
    for name in DOCUMENTS {
        let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("..").join(name);
        let document = std::fs::read_to_string(&path).unwrap();
        let (_, rest) =
            document.split_once("```console\n").unwrap_or_else(|| panic!("{name} has no dialogue"));
        let block = rest.split("```").next().unwrap();
        let commands = commands(block);
        for command in &commands {
            assert!(printed.contains(command.as_str()), "the demonstration does not print:\n{command}");
        }
        let now = played(&commands, &address, &directory).replace(&address, ADDRESS);
        if std::env::var_os("EXEUNT_BLESS").is_some() {
            std::fs::write(&path, document.replace(block, &now)).unwrap();
        } else {
            assert_eq!(masked(block), masked(&now), "{name} does not show what happens");
        }
    }
    drop(demo);
    std::fs::remove_dir_all(&directory).unwrap();
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

/// The dialogue as one shell plays it.
fn played(commands: &[String], address: &str, directory: &Path) -> String {
    let script: String = commands
        .iter()
        .map(|command| format!("{}\necho '{FENCE}'\n", command.replace(ADDRESS, address)))
        .collect();
    let mut shell = Command::new("bash")
        .args(["-c", &script])
        .current_dir(directory)
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    let mut output = String::new();
    shell.stdout.take().unwrap().read_to_string(&mut output).unwrap();
    assert!(shell.wait().unwrap().success());
    let fence = format!("{FENCE}\n");
    let told =
        commands.iter().zip(output.split(&fence)).map(|(command, output)| format!("$ {command}\n{output}"));
    told.collect::<String>().replace('\r', "")
}

/// Keys and times differ each time. Each key becomes the number of its first appearance, so another key in its place is
/// noticed; the digits of dates and times become zeros. Everything else must be as it is written.
fn masked(text: &str) -> String {
    let mut keys: Vec<&str> = Vec::new();
    let mut masked = String::new();
    for piece in text.split_inclusive(|c: char| !c.is_ascii_alphanumeric()) {
        let word = piece.trim_end_matches(|c: char| !c.is_ascii_alphanumeric());
        if word.len() < KEY_BYTES_MIN {
            masked += piece;
            continue;
        }
        let number = keys.iter().position(|key| *key == word).unwrap_or_else(|| {
            keys.push(word);
            keys.len() - 1
        });
        masked += &format!("KEY{number}{}", &piece[word.len()..]);
    }
    let lines = masked
        .lines()
        .filter(|line| !line.starts_with("Date: "))
        .map(|line| TIMES.iter().fold(line.to_owned(), |line, shape| zeroed(&line, shape)));
    lines.collect::<Vec<_>>().join("\n")
}

/// The shortest key or id in a dialogue.
const KEY_BYTES_MIN: usize = 20;
/// What times look like, `0` standing for any digit.
const TIMES: [&str; 3] = ["0000-00-00", "00:00:00", ".000Z"];

/// The text with zeros for digits wherever it has this shape.
fn zeroed(text: &str, shape: &str) -> String {
    let fits = |bytes: &[u8]| {
        bytes.iter().zip(shape.bytes()).all(|(byte, wanted)| match wanted {
            b'0' => byte.is_ascii_digit(),
            wanted => *byte == wanted,
        })
    };
    let mut bytes = text.as_bytes().to_vec();
    for at in 0..bytes.len().saturating_sub(shape.len() - 1) {
        if fits(&bytes[at..at + shape.len()]) {
            bytes[at..at + shape.len()].copy_from_slice(shape.as_bytes());
        }
    }
    String::from_utf8(bytes).unwrap()
}

#[test]
fn a_wrong_key_or_number_is_noticed() {
    let (one, other) = ("a".repeat(20), "b".repeat(20));
    assert_eq!(
        masked(&format!("{one} {one} 2026-11-21 12:58:52")),
        masked(&format!("{other} {other} 1999-01-02 00:00:01"))
    );
    assert_ne!(masked(&format!("{one} {one}")), masked(&format!("{one} {other}")));
    assert_ne!(masked("<error_number>2</error_number>"), masked("<error_number>3</error_number>"));
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
