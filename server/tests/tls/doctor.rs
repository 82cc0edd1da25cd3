//! `exeunt doctor` beside a server that speaks TLS, or that listens where others reach it.

use std::fs;
use std::path::Path;
use std::process::Command;

use crate::support::pair::{CURVE, Pair};
use crate::support::scratch::Scratch;
use crate::tls::process::{KEY, Process, command};

/// What it says of the server.
fn says(config: &Path, arguments: &[&str]) -> String {
    let mut doctor = Command::new(env!("CARGO_BIN_EXE_exeunt"));
    let doctor = doctor.args(["doctor", "--config"]).arg(config).args(arguments);
    let told = doctor.env("EXEUNT_ADMIN_KEY", KEY).env_remove("EXEUNT_URL").output().unwrap().stdout;
    let told = String::from_utf8(told).unwrap();
    told.split_once("  server  ").unwrap_or_else(|| panic!("{told}")).1.to_owned()
}

#[test]
fn a_server_is_asked_as_it_listens() {
    let folder = Scratch::new();
    let pair = Pair::make(folder.path(), "a", CURVE);
    let process = Process::start(command(folder.path(), &pair));
    let config = folder.path().join("exeunt.toml");
    let store = folder.path().join("exeunt.db");
    let text = format!(
        "listen = \"{}\"\nstore = \"sqlite:{}\"\ntls_cert = {:?}\ntls_key = {:?}\n",
        process.address,
        store.display(),
        pair.cert,
        pair.key
    );
    fs::write(&config, text).unwrap();
    let cert = pair.cert.display().to_string();
    let told = says(&config, &["--ca-file", &cert]);
    assert!(told.contains("it answers and has this version"), "{told}");
    // Nobody vouches for it under this address: that is no fault of the server.
    let told = says(&config, &[]);
    assert!(told.contains("it uses TLS and was not checked"), "{told}");
    assert!(told.contains("--url https://"), "{told}");
}
