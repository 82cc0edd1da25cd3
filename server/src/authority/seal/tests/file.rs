//! The file with the master secret.

use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::Path;

use super::*;
use crate::authority::seal::at_rest::MasterSecrets;
use crate::authority::seal::at_rest::file::{FILE, open, read};
use crate::error::{Error, Kind};
use crate::scratch::Scratch;

const FRESH: [u8; 32] = [0x0f; 32];
const TEXT: &str = "0f0f0f0f0f0f0f0f0f0f0f0f0f0f0f0f0f0f0f0f0f0f0f0f0f0f0f0f0f0f0f0f\n";

fn fails<T>(result: Result<T, Error>, kind: Kind, parts: &[&str]) {
    let error = result.err().unwrap();
    assert_eq!(error.kind(), kind);
    assert!(parts.iter().all(|part| error.public().contains(part)), "{error}: {parts:?}");
    assert!(!error.to_string().contains("0f0f0f"), "{error}");
}

fn write(path: &Path, text: &str, mode: u32) {
    fs::write(path, text).unwrap();
    fs::set_permissions(path, fs::Permissions::from_mode(mode)).unwrap();
}

/// Whether these are the secrets that `FRESH` makes.
fn are_fresh(secrets: &MasterSecrets) -> bool {
    let wrapped = secrets.wrap_key(&key(REALM, 7, 0, secret()), NONCE).unwrap();
    MasterSecrets::parse(TEXT, "test").unwrap().unwrap_key(REALM, 7, AT, &wrapped).is_ok()
}

#[test]
fn the_first_start_makes_the_file_and_later_ones_read_it() {
    let scratch = Scratch::new();
    // A leftover of a start that was interrupted.
    write(&scratch.path().join("secret.key.new"), "half", 0o600);
    assert!(are_fresh(&open(scratch.path(), FRESH, true).unwrap()));
    let path = scratch.path().join(FILE);
    assert_eq!(fs::read_to_string(&path).unwrap(), TEXT);
    assert_eq!(fs::metadata(&path).unwrap().permissions().mode() & 0o777, 0o600);
    assert!(!scratch.path().join("secret.key.new").exists());
    for may_create in [false, true] {
        assert!(are_fresh(&open(scratch.path(), [1; 32], may_create).unwrap()));
    }
}

#[test]
fn a_later_start_without_the_file_makes_nothing() {
    let scratch = Scratch::new();
    fails(
        open(scratch.path(), FRESH, false),
        Kind::NotFound,
        &["there is no", FILE, "put the file back", "--now"],
    );
    assert!(!scratch.path().join(FILE).exists());
}

#[test]
fn a_file_that_anyone_may_read_is_refused() {
    let scratch = Scratch::new();
    let path = scratch.path().join(FILE);
    for mode in [0o604, 0o644, 0o602] {
        write(&path, TEXT, mode);
        let found = format!("with permissions {mode:o}, expected 600");
        fails(open(scratch.path(), FRESH, false), Kind::Malformed("secret_key"), &[&found, "chmod 600"]);
    }
    for mode in [0o600, 0o400, 0o640, 0o660] {
        write(&path, TEXT, mode);
        assert!(are_fresh(&open(scratch.path(), FRESH, false).unwrap()), "{mode:o}");
    }
}

#[test]
fn a_file_that_was_named_may_be_open_to_all() {
    let scratch = Scratch::new();
    let path = scratch.path().join("mounted");
    write(&path, TEXT, 0o444);
    assert!(are_fresh(&read(&path).unwrap()));
    let missing = scratch.path().join("missing");
    fails(
        read(&missing),
        Kind::Malformed("secret_key_file"),
        &["missing", "secret_key_file names", "No such file"],
    );
}

#[test]
fn a_file_of_anything_else_is_refused_and_stays() {
    let scratch = Scratch::new();
    let path = scratch.path().join(FILE);
    let long = "0f".repeat(600);
    for (text, found) in
        [("", "found nothing"), ("0f0f0f", "of 6 characters"), (&long, "more than 1024 bytes")]
    {
        write(&path, text, 0o600);
        fails(open(scratch.path(), FRESH, true), Kind::Malformed("secret_key"), &[FILE, found, "expected"]);
        assert_eq!(fs::read_to_string(&path).unwrap(), text);
    }
    fs::write(&path, [0xff; 32]).unwrap();
    fails(
        open(scratch.path(), FRESH, true),
        Kind::Malformed("secret_key"),
        &["cannot read", "expected a file of text"],
    );
    fs::remove_file(&path).unwrap();
    fs::create_dir(&path).unwrap();
    fs::set_permissions(&path, fs::Permissions::from_mode(0o700)).unwrap();
    fails(open(scratch.path(), FRESH, true), Kind::Malformed("secret_key"), &["cannot read", "directory"]);
}

#[test]
fn a_folder_that_cannot_be_written_is_named() {
    let scratch = Scratch::new();
    let folder = scratch.path().join("nowhere");
    fails(
        open(&folder, FRESH, true),
        Kind::Malformed("secret_key"),
        &["cannot write", "nowhere/secret.key", "EXEUNT_SECRET_KEY"],
    );
}
