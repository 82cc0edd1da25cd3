//! The dialogues in `docs/operation.md` say what really happens: one shell plays them all, against the real binary.
//! `systemctl` is a function there that stops and starts it. `EXEUNT_BLESS=1` rewrites the output.

use std::path::Path;
use std::process::{Command, Stdio};

use crate::binary::KEY;
use crate::scratch::Scratch;

const DOCUMENT: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../docs/operation.md");
/// Where the document says that all of this is.
const HOME: &str = "/srv/exeunt";
/// The line after which the output of a command has ended.
const FENCE: &str = "-- end of output --";
/// A server with somebody logged in.
const STAGE: &str = r#"
systemctl() {
    if [ "$1" = stop ]; then kill "$server"; wait "$server" 2>log; return; fi
    exeunt serve --listen 127.0.0.1:0 2>log &
    server=$!
    until address=$(grep -o 'listening address=[0-9.:]*' log); do kill -0 "$server" || exit; done
    export EXEUNT_URL=http://${address#*=}
}
exec 2>&1 </dev/null
systemctl start
trap 'kill "$server"' EXIT
exeunt user add ann --no-password --json >ann
user=$(grep -o '"id":"[0-9a-f]*' ann)
curl -s -o /dev/null -H "Authorization: Bearer $EXEUNT_ADMIN_KEY" -H 'Content-Type: application/json' \
    "$EXEUNT_URL/v1/sessions" -d "{\"user\":\"${user#*:\"}\"}"
"#;

#[test]
fn the_dialogues_of_the_document_are_true() {
    let document = std::fs::read_to_string(DOCUMENT).unwrap();
    let blocks: Vec<&str> =
        document.split("```console\n").skip(1).map(|rest| rest.split("```").next().unwrap()).collect();
    let all: Vec<&str> = blocks.iter().flat_map(|block| typed(block)).collect();
    let mut outputs = played(&all).into_iter();
    let mut blessed = document.clone();
    for block in &blocks {
        let now: String =
            typed(block).map(|command| format!("$ {command}\n{}", outputs.next().unwrap())).collect();
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

fn typed(block: &str) -> impl Iterator<Item = &str> {
    block.lines().filter_map(|line| line.strip_prefix("$ "))
}

/// What each command prints.
fn played(commands: &[&str]) -> Vec<String> {
    let folder = Scratch::new();
    let mut script = format!("{STAGE}echo '{FENCE}'\n");
    for command in commands {
        script += &format!("{command}\necho '{FENCE}'\n");
    }
    let binary = Path::new(env!("CARGO_BIN_EXE_exeunt"));
    let path = format!("{}:{}", binary.parent().unwrap().display(), std::env::var("PATH").unwrap());
    let shell = Command::new("bash")
        .args(["-c", &script])
        .current_dir(folder.path())
        .env("PATH", path)
        .env("EXEUNT_ADMIN_KEY", KEY)
        .stdin(Stdio::null())
        .output()
        .unwrap();
    let here = folder.path().canonicalize().unwrap().display().to_string();
    let output = String::from_utf8(shell.stdout).unwrap().replace(&here, HOME);
    let all: Vec<_> = output.split(&format!("{FENCE}\n")).skip(1).map(str::to_owned).collect();
    assert_eq!(all.len(), commands.len() + 1, "{output}");
    all
}

/// Ids, times and sizes differ each time: what is hexadecimal and long becomes one, and all numbers alike.
fn masked(text: &str) -> String {
    let outside = |c: char| !c.is_ascii_hexdigit();
    let mut masked = String::new();
    for piece in text.split_inclusive(outside) {
        let word = piece.trim_end_matches(outside);
        let id = word.len() == 32 || !word.is_empty() && word.bytes().all(|byte| byte.is_ascii_digit());
        masked += if id { "0" } else { word };
        masked += &piece[word.len()..];
    }
    // A time may come out at a whole second.
    masked.replace(".0Z", "Z")
}
