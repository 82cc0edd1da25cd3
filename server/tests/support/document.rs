//! Dialogues in documents: a shell plays their commands, and what it prints is compared with what is written.
//! `EXEUNT_BLESS=1` writes the output again, and fails: a dialogue that was just written shows nothing.

use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use exeunt::env::Env;
use exeunt_core::Moment;
use jiff::civil::DateTime;
use jiff::tz::Offset;

/// The line after which a shell prints the output of a command.
const FENCE: &str = "-- end of output --";
/// The shortest key or id in a dialogue.
const KEY_BYTES_MIN: usize = 20;
/// How times are written: how many bytes, and their format.
const TIMES: [(usize, &str); 4] = [
    (29, "%a, %d %b %Y %H:%M:%S GMT"),
    (19, "%Y-%m-%dT%H:%M:%S"),
    (19, "%Y-%m-%d %H:%M:%S"),
    (15, "%Y%m%dT%H%M%S"),
];
/// Seconds that two times of a dialogue may lie apart and count as the same.
const SAME_TIME_SECS: u64 = 60;

/// A document with its dialogues.
pub(crate) struct Document {
    name: &'static str,
    text: String,
}

impl Document {
    /// Reads the document of this name, from the root of the repository.
    pub(crate) fn read(name: &'static str) -> Self {
        let text = std::fs::read_to_string(path(name)).unwrap();
        Self { name, text }
    }

    fn blocks(&self) -> impl Iterator<Item = &str> {
        self.text.split("```console\n").skip(1).map(|rest| rest.split("```").next().unwrap())
    }

    /// All its commands: lines after `$ `, with the lines that continue them.
    pub(crate) fn commands(&self) -> Vec<String> {
        let all: Vec<_> = self.blocks().flat_map(commands).collect();
        assert!(!all.is_empty(), "{} has no dialogue", self.name);
        all
    }

    /// Each dialogue as it is written, and with these outputs of its commands.
    fn played(&self, outputs: &[String]) -> Vec<(&str, String)> {
        let mut outputs = outputs.iter();
        let mut now = |block| {
            let told = commands(block).into_iter().zip(&mut outputs);
            told.map(|(command, output)| format!("$ {command}\n{output}")).collect()
        };
        self.blocks().map(|block| (block, now(block))).collect()
    }
}

fn path(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("..").join(name)
}

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

/// What each command prints, one shell playing them all after this prelude. `exeunt` is the binary under test.
pub(crate) fn play(shell: &mut Command, prelude: &str, commands: &[String]) -> Vec<String> {
    let mut script = format!("exec 2>&1\n{prelude}\necho '{FENCE}'\n");
    for command in commands {
        // The fence does not take away the exit code that the next command asks for.
        script += &format!("(exit $code)\n{command}\ncode=$?; echo '{FENCE}'\n");
    }
    let binary = Path::new(env!("CARGO_BIN_EXE_exeunt"));
    let path = format!("{}:{}", binary.parent().unwrap().display(), std::env::var("PATH").unwrap());
    let shell = shell.args(["-c", &script]).env("PATH", path).env("code", "0").stdin(Stdio::null()).output();
    let output = String::from_utf8(shell.unwrap().stdout).unwrap().replace('\r', "");
    let all: Vec<_> = output.split(&format!("{FENCE}\n")).skip(1).map(str::to_owned).collect();
    assert_eq!(all.len(), commands.len() + 1, "{output}");
    all
}

/// Fails unless each document says what its commands print now. They were all played on one server, after `began`.
pub(crate) fn must_be_true(played: &[(Document, Vec<String>)], began: Moment) {
    let (mut written, mut real) = (Mask::new(None), Mask::new(Some(began)));
    let mut wrong = Vec::new();
    for (document, outputs) in played {
        for (block, now) in document.played(outputs) {
            let (block, now) = (written.masked(block), real.masked(&now));
            if block != now {
                wrong.push(format!("{} says\n{block}\nand this is what happens:\n{now}", document.name));
            }
        }
    }
    if wrong.is_empty() {
        return;
    }
    assert!(std::env::var_os("EXEUNT_BLESS").is_some(), "{}", wrong.join("\n"));
    // All of them, so that their ids and times go together.
    for (document, outputs) in played {
        let blessed = document
            .played(outputs)
            .iter()
            .fold(document.text.clone(), |text, (block, now)| text.replacen(block, now, 1));
        std::fs::write(path(document.name), blessed).unwrap();
    }
    panic!("blessed {}: read the difference", wrong.len());
}

/// The time now, without its milliseconds.
pub(crate) fn now() -> Moment {
    Moment::from_secs(Env::system().now().secs())
}

/// Keys, ids and times differ each time. Each key becomes its length and the number of its first appearance, so another
/// key in its place is noticed; each time becomes its distance from the beginning. Everything else is as it stands.
struct Mask {
    keys: Vec<String>,
    /// When it began: the first time that is met, unless it is known.
    began: Option<Moment>,
}

impl Mask {
    const fn new(began: Option<Moment>) -> Self {
        Self { keys: Vec::new(), began }
    }

    fn masked(&mut self, text: &str) -> String {
        let mut masked = String::new();
        let mut rest = text;
        while let Some(first) = rest.chars().next() {
            let begins_word = !masked.ends_with(|last: char| last.is_ascii_alphanumeric());
            let word = rest.find(|c: char| !c.is_ascii_alphanumeric()).unwrap_or(rest.len());
            let length = if let Some(found) = time(rest).filter(|_| begins_word) {
                masked += &format!("<{} {}>", found.format, self.distance(found.time));
                found.length
            } else if begins_word && word >= KEY_BYTES_MIN {
                masked += &self.key(&rest[..word]);
                word
            } else {
                masked.push(first);
                first.len_utf8()
            };
            rest = &rest[length..];
        }
        masked
    }

    fn key(&mut self, word: &str) -> String {
        let number = self.keys.iter().position(|key| key == word).unwrap_or_else(|| {
            self.keys.push(word.to_owned());
            self.keys.len() - 1
        });
        let hex = word.bytes().all(|byte| matches!(byte, b'0'..=b'9' | b'a'..=b'f'));
        format!("<{} {number} of {}>", if hex { "id" } else { "key" }, word.len())
    }

    /// How many minutes a time lies after the beginning.
    fn distance(&mut self, time: Moment) -> String {
        let began = *self.began.get_or_insert(time);
        let early = began.secs().saturating_sub(time.secs()) / SAME_TIME_SECS;
        let late = time.secs().saturating_sub(began.secs()) / SAME_TIME_SECS;
        format!("+{late} -{early}")
    }
}

/// A time at the beginning of a text.
struct Found {
    /// How many bytes it takes, with the digits behind its seconds.
    length: usize,
    format: &'static str,
    time: Moment,
}

fn time(text: &str) -> Option<Found> {
    TIMES.iter().find_map(|(length, format)| {
        // The parser passes over white space before a time.
        let written = text.get(..*length).filter(|written| !written.starts_with(char::is_whitespace))?;
        let time = Offset::UTC.to_timestamp(DateTime::strptime(format, written).ok()?).ok()?;
        // A whole second is written without a fraction.
        let fraction = text[*length..]
            .strip_prefix('.')
            .map_or(0, |rest| 1 + rest.bytes().take(3).take_while(u8::is_ascii_digit).count());
        let time = Moment::from_secs(time.as_second().try_into().ok()?);
        Some(Found { length: length + fraction, format, time })
    })
}

#[test]
fn a_wrong_key_id_time_or_number_is_noticed() {
    let masked = |text: &str| Mask::new(None).masked(text);
    let (one, other) = ("a".repeat(20), "b".repeat(20));
    for (text, same) in [
        (format!("{one} {one}"), format!("{other} {other}")),
        ("2026-11-21T12:58:52.04Z".to_owned(), "1999-01-02T00:00:01Z".to_owned()),
        (
            "2026-11-21 12:58:52 Sat, 21 Nov 2026 12:58:53 GMT".to_owned(),
            "1999-01-01 00:00:01 Fri, 01 Jan 1999 00:00:01 GMT".to_owned(),
        ),
    ] {
        assert_eq!(masked(&text), masked(&same));
    }
    for (text, wrong) in [
        (format!("{one} {one}"), format!("{one} {other}")),
        (one.clone(), "a".repeat(21)),
        (one, "z".repeat(20)),
        ("2026-11-21 12:58:52".to_owned(), "2026-11-31 12:58:52".to_owned()),
        ("2026-11-21T12:58:52Z".to_owned(), "2026-11-21 12:58:52".to_owned()),
        (
            "2026-11-21 12:58:52, then 2026-11-21 13:28:52".to_owned(),
            "2026-11-21 12:58:52, then 2026-11-21 13:08:52".to_owned(),
        ),
        ("<error_number>2</error_number>".to_owned(), "<error_number>3</error_number>".to_owned()),
    ] {
        assert_ne!(masked(&text), masked(&wrong));
    }
    let real = Mask::new(Some(Moment::from_secs(1_000_000_000))).masked("2001-09-09 02:46:40");
    assert_ne!(real, masked("2001-09-09 02:46:40"), "the clock is an hour off");
}
