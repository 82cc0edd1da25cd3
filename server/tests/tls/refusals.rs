//! Files that are no good: each is named at the start, with what to do.

use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::Path;
use std::process::Command;

use exeunt::config::{Config, Limits};
use exeunt::env::Env;
use exeunt::tls::Tls;
use exeunt_core::Moment;

use crate::support::ordinary::ordinary;
use crate::support::pair::{CURVE, Pair};
use crate::support::scratch::Scratch;
use crate::tls::process::command;
use crate::tls::server::config;

/// What a server with these files says at its start.
fn refused(pair: &Pair, now: Moment) -> String {
    let error = Tls::open(&config(pair, Limits::default()), now).err().unwrap();
    let folder = pair.cert.parent().unwrap().display().to_string();
    error.public().replace(&folder, "…")
}

fn now() -> Moment {
    Env::system().now()
}

fn write(path: &Path, bytes: &[u8]) {
    fs::write(path, bytes).unwrap();
}

#[test]
fn a_good_pair_is_taken_until_its_last_second() {
    let folder = Scratch::new();
    let pair = Pair::make(folder.path(), "a", CURVE);
    let until = Tls::open(&config(&pair, Limits::default()), now()).unwrap().unwrap().until();
    assert!(Tls::open(&config(&pair, Limits::default()), until).is_ok());
    let text = refused(&pair, until.plus_secs(1));
    assert!(text.starts_with("tls_cert: …/a.pem expired on "), "{text}");
    assert!(text.ends_with(" GMT; replace it with a renewed certificate"), "{text}");
    let text = refused(&pair, Moment::from_secs(1_000_000_000));
    assert!(text.starts_with("tls_cert: …/a.pem is not valid before "), "{text}");
    assert!(
        text.ends_with("but the clock says Sun, 09 Sep 2001 01:46:40 GMT; correct the clock, or wait"),
        "{text}"
    );
}

/// What spoils the files, and what is then said.
type Case<'a> = (&'a dyn Fn(&Pair), &'a str);

#[test]
fn each_fault_is_named_with_its_file() {
    let folder = Scratch::new();
    let (a, b) = (Pair::make(folder.path(), "a", CURVE), Pair::make(folder.path(), "b", CURVE));
    let cases: [Case<'_>; 8] = [
        (&|_| {}, ""),
        (&|it| drop(fs::remove_file(&it.cert)), "tls_cert: …/it.pem cannot be read: No such file"),
        (&|it| write(&it.key, b""), "tls_key: …/it.key is empty"),
        (&|it| write(&it.cert, b"not PEM"), "tls_cert: …/it.pem contains no certificate; expected PEM"),
        (
            &|it| write(&it.cert, b"-----BEGIN CERTIFICATE-----\nMAA=\n-----END CERTIFICATE-----\n"),
            "tls_cert: …/it.pem contains a certificate that cannot be read",
        ),
        (
            &|it| write(&it.key, b"not PEM"),
            "tls_key: …/it.key contains no private key; expected PEM without encryption",
        ),
        (
            &|it| drop(fs::copy(&b.key, &it.key)),
            "tls_key: …/it.key does not match the first certificate in …/it.pem; expected the key",
        ),
        (&|it| write(&it.key, &vec![b'x'; 2_000_000]), "tls_key: …/it.key is larger than 1048576 bytes"),
    ];
    for (spoil, expected) in cases {
        let it = Pair { cert: folder.path().join("it.pem"), key: folder.path().join("it.key") };
        a.replace(&it);
        spoil(&it);
        if expected.is_empty() {
            assert!(Tls::open(&config(&it, Limits::default()), now()).is_ok());
            continue;
        }
        let text = refused(&it, now());
        assert!(text.starts_with(expected), "{text}\nis not\n{expected}");
    }
}

#[test]
fn an_encrypted_key_and_a_chain_in_the_wrong_order_are_named() {
    let folder = Scratch::new();
    let (a, b) = (Pair::make(folder.path(), "a", CURVE), Pair::make(folder.path(), "b", CURVE));
    let both = [fs::read(&b.cert).unwrap(), fs::read(&a.cert).unwrap()].concat();
    let it = Pair { cert: folder.path().join("it.pem"), key: a.key.clone() };
    write(&it.cert, &both);
    assert!(refused(&it, now()).ends_with("the server's own certificate before those of its issuers"));
    let locked = folder.path().join("locked.key");
    let made = Command::new("openssl")
        .args(["pkcs8", "-topk8", "-passout", "pass:secret", "-in"])
        .arg(&a.key)
        .arg("-out")
        .arg(&locked)
        .status();
    assert!(made.unwrap().success());
    let it = Pair { cert: a.cert, key: locked };
    assert!(refused(&it, now()).contains("contains no private key; expected PEM without encryption"));
}

#[test]
fn one_file_without_the_other_is_refused() {
    let only = |cert: bool| Config {
        tls_cert: cert.then(|| "c".into()),
        tls_key: (!cert).then(|| "k".into()),
        ..Config::default()
    };
    let text = |cert| Tls::open(&only(cert), now()).err().unwrap().public().to_owned();
    assert_eq!(text(true), "tls_cert is set, but tls_key is not; set both");
    assert_eq!(text(false), "tls_key is set, but tls_cert is not; set both");
}

#[test]
fn the_program_ends_with_the_reason() {
    let folder = Scratch::new();
    let (a, b) = (Pair::make(folder.path(), "a", CURVE), Pair::make(folder.path(), "b", CURVE));
    let output = command(folder.path(), &Pair { cert: a.cert, key: b.key.clone() }).output().unwrap();
    let said = String::from_utf8(output.stderr).unwrap();
    assert_eq!(output.status.code(), Some(1));
    assert!(said.contains("b.key does not match the first certificate in"), "{said}");
    fs::set_permissions(&b.key, fs::Permissions::from_mode(0o000)).unwrap();
    let output = ordinary(&command(folder.path(), &b)).output().unwrap();
    assert!(String::from_utf8(output.stderr).unwrap().contains("b.key cannot be read: Permission denied"));
}

#[test]
fn plain_http_that_others_can_reach_is_refused() {
    let folder = Scratch::new();
    let output = Command::new(env!("CARGO_BIN_EXE_exeunt"))
        .args(["serve", "--listen", "0.0.0.0:0", "--store"])
        .arg(format!("sqlite:{}", folder.path().join("exeunt.db").display()))
        .output()
        .unwrap();
    let said = String::from_utf8(output.stderr).unwrap();
    assert_eq!(output.status.code(), Some(1));
    assert!(said.contains("listen is 0.0.0.0:0, which other machines can reach"), "{said}");
    assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 0, "nothing was made");
}
