//! The dialogues in `docs/operation.md` say what really happens: one shell plays them all, against the real binary.
//! `systemctl` is a function there that stops and starts it. `EXEUNT_BLESS=1` rewrites the output.

use std::process::Command;

use crate::support::binary::KEY;
use crate::support::document::{self, Document};
use crate::support::scratch::Scratch;

/// Where the document says that all of this is.
const HOME: &str = "/srv/exeunt";
/// A server with somebody logged in.
const STAGE: &str = r#"
systemctl() {
    if [ "$1" = stop ]; then kill "$server"; wait "$server" 2>log; return; fi
    exeunt serve --listen 127.0.0.1:0 2>log &
    server=$!
    until address=$(grep -o 'listening address=[0-9.:]*' log); do kill -0 "$server" || exit; done
    export EXEUNT_URL=http://${address#*=}
}
systemctl start
trap 'kill "$server"' EXIT
exeunt user add ann --no-password --json >ann
user=$(grep -o '"id":"[0-9a-f]*' ann)
curl -s -o /dev/null -H "Authorization: Bearer $EXEUNT_ADMIN_KEY" -H 'Content-Type: application/json' \
    "$EXEUNT_URL/v1/sessions" -d "{\"user\":\"${user#*:\"}\"}"
"#;

#[test]
fn the_dialogues_of_the_document_are_true() {
    let (document, began) = (Document::read("docs/operation.md"), document::now());
    let folder = Scratch::new();
    let mut shell = Command::new("bash");
    shell.current_dir(folder.path()).env("EXEUNT_ADMIN_KEY", KEY);
    let outputs = document::play(&mut shell, STAGE, &document.commands());
    let here = folder.path().canonicalize().unwrap().display().to_string();
    let outputs = outputs.iter().map(|output| output.replace(&here, HOME)).collect();
    document::must_be_true(&[(document, outputs)], began);
}
