//! The dialogues in the README are the ones that `exeunt demo` prints, and say what really happens: each command is
//! pasted into a shell where the demonstration runs, against the real binary. `EXEUNT_BLESS=1` writes the output anew.

#![cfg(test)]

use std::io::{BufRead, BufReader, Read};
use std::path::Path;
use std::process::{Child, Command, Stdio};

/// Where the README says that the demonstration listens.
const ADDRESS: &str = "127.0.0.1:8080";
const README: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../README.md");
/// The line after which a shell prints the output of a command.
const FENCE: &str = "-- end of output --";

#[test]
fn the_dialogues_of_the_readme_are_those_of_the_demonstration_and_are_true() {
    let directory = std::env::temp_dir().join(format!("exeunt-readme-{}", std::process::id()));
    std::fs::create_dir_all(&directory).unwrap();
    let (demo, printed) = demonstration(&directory);
    let address = between(&printed, "http://", ". ").to_owned();
    let printed = printed.replace(&address, ADDRESS);
    let readme = std::fs::read_to_string(README).unwrap();
    let mut blessed = readme.clone();
    let mut dialogues = 0;
    for block in readme.split("```console\n").skip(1).map(|rest| rest.split("```").next().unwrap()) {
        let commands = commands(block);
        for command in &commands {
            assert!(printed.contains(command.as_str()), "the demonstration does not print:\n{command}");
        }
        let now = played(&commands, &address, &directory).replace(&address, ADDRESS);
        if std::env::var_os("EXEUNT_BLESS").is_some() {
            blessed = blessed.replace(block, &now);
        } else {
            assert_eq!(masked(block), masked(&now), "the README does not say what happens");
        }
        dialogues += 1;
    }
    assert_eq!(dialogues, 4, "a dialogue for each dialect");
    if blessed != readme {
        std::fs::write(README, &blessed).unwrap();
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

/// Keys and times differ each time: long runs of letters and digits become one, and all digits alike.
fn masked(text: &str) -> String {
    let letter = |c: char| c.is_ascii_alphanumeric();
    let mut words = Vec::new();
    for piece in text.split_inclusive(|c| !letter(c)) {
        let (word, rest) = piece.split_at(piece.trim_end_matches(|c| !letter(c)).len());
        let word = if word.len() >= 20 { "KEY" } else { word };
        words.push(format!("{}{rest}", word.replace(|c: char| c.is_ascii_digit(), "0")));
    }
    // A date has a weekday, and a number its width.
    let mut text = words.concat();
    while text.contains("00") {
        text = text.replace("00", "0");
    }
    text.lines().filter(|line| !line.starts_with("Date: ")).collect::<Vec<_>>().join("\n")
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
