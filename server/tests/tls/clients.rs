//! Real clients, with and without patience: curl and Python, to the real server.

use std::io::{BufRead, BufReader, Write};
use std::process::{Command, Stdio};

use rustix::process::Signal;

use crate::support::pair::{CURVE, Pair, RSA};
use crate::support::scratch::Scratch;
use crate::tls::process::{KEY, Process, command};

#[test]
fn curl_speaks_http_1_and_checks_the_certificate() {
    for algorithm in [CURVE, RSA] {
        let folder = Scratch::new();
        let pair = Pair::make(folder.path(), "shown", algorithm);
        let process = Process::start(command(folder.path(), &pair));
        let url = format!("https://{}/healthz", process.address);
        let trusting = curl(&["--cacert", pair.cert.to_str().unwrap(), "--http2", &url]);
        assert_eq!(trusting, (Some(0), "{\"status\":\"ok\"} 1.1 200".to_owned()));
        let (code, _) = curl(&[&url]);
        assert_eq!(code, Some(60), "curl takes a certificate that nobody vouches for");
        let (code, _) = curl(&[&url.replace("https", "http")]);
        assert_ne!(code, Some(0), "plain HTTP is answered");
        process.signal(Signal::TERM);
        assert!(process.ended());
    }
}

#[test]
fn python_keeps_its_connection_while_the_certificate_is_renewed() {
    let folder = Scratch::new();
    let shown = Pair::make(folder.path(), "shown", CURVE);
    let next = Pair::make(folder.path(), "next", RSA);
    let process = Process::start(command(folder.path(), &shown));
    let mut python = Command::new("python3")
        .arg("-B")
        .arg(concat!(env!("CARGO_MANIFEST_DIR"), "/tests/tls/keep.py"))
        .args([process.address.port().to_string().as_str(), KEY])
        .args([&shown.cert, &next.cert])
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    let mut said = BufReader::new(python.stdout.take().unwrap()).lines().map(Result::unwrap);
    assert_eq!(said.next().as_deref(), Some("logged in"));
    next.replace(&shown);
    process.signal(Signal::HUP);
    process.wait("the certificate was renewed");
    python.stdin.take().unwrap().write_all(b"renewed\n").unwrap();
    assert_eq!(said.next().as_deref(), Some("logged out"));
    assert!(python.wait().unwrap().success());
    process.signal(Signal::INT);
    assert!(process.ended());
}

#[test]
fn a_renewal_that_is_no_good_is_logged_and_not_shown() {
    let folder = Scratch::new();
    let shown = Pair::make(folder.path(), "shown", CURVE);
    let other = Pair::make(folder.path(), "other", CURVE);
    let trusted = folder.path().join("trusted.pem");
    std::fs::copy(&shown.cert, &trusted).unwrap();
    let process = Process::start(command(folder.path(), &shown));
    std::fs::copy(&other.cert, &shown.cert).unwrap();
    process.signal(Signal::HUP);
    let line = process.wait("the new certificate was rejected; the previous one stays in use");
    assert!(line.contains("does not match the first certificate in"), "{line}");
    let url = format!("https://{}/healthz", process.address);
    assert_eq!(curl(&["--cacert", trusted.to_str().unwrap(), &url]).0, Some(0));
}

/// How curl ended, and what it got.
fn curl(arguments: &[&str]) -> (Option<i32>, String) {
    let output = Command::new("curl")
        .args(["--silent", "--max-time", "20", "--write-out", " %{http_version} %{http_code}"])
        .args(arguments)
        .output()
        .unwrap();
    (output.status.code(), String::from_utf8(output.stdout).unwrap())
}
