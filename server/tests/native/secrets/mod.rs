//! No secret in the log, whatever is logged and wherever the secret stood, and none but as a hash in the store: the real
//! binary is driven through every call of every dialect, and its output and its files are searched.

mod drive;

use std::collections::BTreeSet;

use exeunt::dialect;
use exeunt_core::Fingerprint;

use self::drive::Drive;
use crate::native::description::{document, operations};
use crate::native::process::{Process, TRUSTING};

/// How much of a long secret is searched for alone: a part of it is a leak, too.
const PART_CHARS: usize = 12;

#[test]
fn no_secret_is_in_the_log_or_in_the_store() {
    let key = "0aK-given-by-the-environment-9f3b7c1e5d";
    let process = Process::start_with(Some(key), "text", "all", &[TRUSTING]);
    let mut drive = Drive::new(process.address, key);
    drive.everything();
    let (secrets, asked) = drive.over();
    let over = process.stop();
    let lines = over.output.lines().filter(|line| line.contains(" request dialect="));
    assert!(lines.count() >= asked, "with log.checks = all every request leaves a line:\n{}", over.output);
    for call in calls() {
        assert!(over.output.contains(&format!("call=\"{call}\" ")), "{call} was not called");
    }
    for dialect in dialect::all::ALL {
        assert!(over.output.contains(&format!("dialect=\"{}\"", dialect.name)), "{}", dialect.name);
    }
    must_be_absent(&secrets, "the log", over.output.as_bytes());
    digests_must_be_absent(&secrets, &over.output);
    let given = Fingerprint::of(key.as_bytes());
    for (name, bytes) in &over.files {
        must_be_absent(&secrets, name, bytes);
        // What is given by the environment is not stored, and so neither is any part of its hash.
        let told = given.0.chunks(8).any(|part| bytes.windows(part.len()).any(|window| window == part));
        assert!(!told, "a part of the hash of the given key is in {name}");
    }
    let public = |bytes: &[u8]| bytes.windows(17).any(|window| window == b"carol@example.org");
    assert!(over.files.iter().any(|(_, bytes)| public(bytes)), "what is no secret is found");
}

#[test]
fn the_key_made_at_the_first_start_is_in_its_file_alone() {
    let process = Process::start(None, "json", "all");
    let key = process.made_key();
    let mut drive = Drive::new(process.address, &key);
    drive.native();
    let (secrets, _) = drive.over();
    let over = process.stop();
    assert!(over.output.lines().all(|line| line.starts_with('{')), "one object a line:\n{}", over.output);
    must_be_absent(&secrets, "the log", over.output.as_bytes());
    for (name, bytes) in over.files.iter().filter(|(name, _)| name != "admin.key") {
        must_be_absent(&secrets, name, bytes);
    }
}

/// The names of all native calls.
fn calls() -> BTreeSet<String> {
    let document = document();
    operations(&document)
        .into_iter()
        .map(|(_, _, operation)| operation["operationId"].as_str().unwrap())
        // These are logged as calls of that dialect.
        .map(|name| name.replace("_of_dialect", ""))
        .collect()
}

fn must_be_absent(secrets: &BTreeSet<String>, place: &str, bytes: &[u8]) {
    for secret in secrets {
        for form in forms(secret) {
            let found = bytes.windows(form.len()).position(|window| window == form.as_bytes());
            let around = |at: usize| {
                String::from_utf8_lossy(&bytes[at.saturating_sub(200)..(at + 100).min(bytes.len())])
                    .into_owned()
            };
            assert!(found.is_none(), "{form} is in {place}: {}", found.map(around).unwrap_or_default());
        }
    }
}

/// Whoever suspects what a secret is could make sure by its hash: so no part of a hash is shown either, in any digits.
fn digests_must_be_absent(secrets: &BTreeSet<String>, text: &str) {
    let lower = text.to_lowercase();
    for secret in secrets {
        let digest = Fingerprint::of(secret.as_bytes()).0;
        for part in digest.chunks(8) {
            let hex: String = part.iter().map(|byte| format!("{byte:02x}")).collect();
            assert!(!lower.contains(&hex), "{hex}, of the SHA-256 of {secret}, is in the log");
        }
    }
}

/// A secret as it may be written: as it is, in a URL, in a form, in JSON, in a debug print; and a part of it.
fn forms(secret: &str) -> BTreeSet<String> {
    let percent = |upper: bool| {
        secret.bytes().fold(String::new(), |text, byte| match byte {
            byte if byte.is_ascii_alphanumeric() || b"-._~".contains(&byte) => {
                text + &char::from(byte).to_string()
            }
            byte if upper => text + &format!("%{byte:02X}"),
            byte => text + &format!("%{byte:02x}"),
        })
    };
    let json = serde_json::to_string(secret).unwrap();
    let debug = format!("{secret:?}");
    let mut forms = BTreeSet::from([
        secret.to_owned(),
        percent(true),
        percent(false),
        percent(true).replace("%20", "+"),
        json.trim_matches('"').to_owned(),
        debug.trim_matches('"').to_owned(),
    ]);
    let body = secret.strip_prefix("exs_").or(secret.strip_prefix("exk_")).unwrap_or(secret);
    if body.len() > 2 * PART_CHARS && body.is_ascii() {
        forms.insert(body[..PART_CHARS].to_owned());
    }
    forms
}
