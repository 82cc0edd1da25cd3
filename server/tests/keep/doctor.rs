//! `exeunt doctor`: each thing that can be wrong is staged, found, and comes with what to do.

use std::collections::BTreeMap;
use std::fs;
use std::net::{IpAddr, TcpListener};
use std::os::unix::fs::PermissionsExt;
use std::path::Path;

use exeunt::store::{Ledger, Upkeep, contract};
use exeunt_core::{Anchor, DialectName, Moment, UserId, Why};
use serde_json::Value;

use crate::binary::Binary;
use crate::command::run;
use crate::scratch::Scratch;
use crate::stage::{back_up, beside, furnished, open};

/// The findings by their checks, and the exit code.
struct Told {
    findings: BTreeMap<String, Vec<(String, String, String)>>,
    code: i32,
}

impl Told {
    /// Whether a check was found so, with these words in what it says and in what to do.
    fn has(&self, check: &str, state: &str, says: &str, advice: &str) -> bool {
        let found = self.findings.get(check).into_iter().flatten();
        let found: Vec<_> = found.filter(|(its, ..)| its == state).collect();
        found.iter().any(|(_, its, to_do)| its.contains(says) && to_do.contains(advice))
    }
}

fn doctor(path: &Path, more: &[&str]) -> Told {
    let store = format!("sqlite:{}", path.display());
    let ran = run(&[&["doctor", "--json", "--store", &store], more].concat());
    let mut findings: BTreeMap<String, Vec<_>> = BTreeMap::new();
    for line in ran.output.lines() {
        let line: Value = serde_json::from_str(line).unwrap();
        let text = |name: &str| line[name].as_str().unwrap().to_owned();
        findings.entry(text("check")).or_default().push((text("state"), text("says"), text("do")));
    }
    let wrong = findings.values().flatten().any(|(state, ..)| state == "wrong");
    assert_eq!(ran.code, i32::from(wrong), "{}{}", ran.output, ran.error);
    Told { findings, code: ran.code }
}

fn set_mode(path: &Path, mode: u32) {
    fs::set_permissions(path, fs::Permissions::from_mode(mode)).unwrap();
}

/// A store that nobody has open.
async fn closed(folder: &Scratch) -> std::path::PathBuf {
    set_mode(folder.path(), 0o700);
    let path = folder.path().join("exeunt.db");
    let (store, _) = furnished(&path).await;
    store.close().await.unwrap();
    // The marks of these tests are of 2027.
    let conn = rusqlite::Connection::open(&path).unwrap();
    conn.execute("UPDATE marks SET at = 1", []).unwrap();
    path
}

#[tokio::test]
async fn a_sound_store_is_well() {
    let folder = Scratch::new();
    let told = doctor(&closed(&folder).await, &[]);
    assert_eq!(told.code, 0);
    for check in ["configuration", "tls", "permissions", "fsync", "database", "clock", "server"] {
        assert!(told.has(check, "ok", "", ""), "{check}: {:?}", told.findings.get(check));
    }
    // Nothing was changed, and nothing is left.
    assert!(!folder.path().join("exeunt.doctor").exists());
}

#[tokio::test]
async fn permissions_are_looked_at() {
    let folder = Scratch::new();
    let path = closed(&folder).await;
    set_mode(&path, 0o640);
    let key = folder.path().join("admin.key");
    fs::write(&key, "k".repeat(43)).unwrap();
    set_mode(&key, 0o604);
    let config = folder.path().join("exeunt.toml");
    fs::write(&config, "").unwrap();
    set_mode(&config, 0o664);
    let told = doctor(&path, &["--config", &config.display().to_string()]);
    assert!(told.has("permissions", "wrong", "exeunt.db holds secrets", "chmod 600"));
    assert!(told.has("permissions", "wrong", "admin.key holds secrets", "chmod 600"));
    assert!(told.has("permissions", "wrong", "exeunt.toml can be changed by others", "chmod go-w"));
    let private = folder.path().join("tls.key");
    fs::write(&private, "").unwrap();
    let named = format!("tls_cert = {0:?}\ntls_key = {0:?}", private.display().to_string());
    fs::write(&config, named).unwrap();
    for (mode, state, says) in [(0o644, "wrong", "is a private key"), (0o640, "ok", "is not for everybody")] {
        set_mode(&private, mode);
        let told = doctor(&path, &["--config", &config.display().to_string()]);
        assert!(told.has("permissions", state, says, ""), "{mode:o}");
    }
    set_mode(folder.path(), 0o755);
    assert!(doctor(&path, &[]).has("permissions", "warning", "others can see into", "chmod 700"));
    set_mode(folder.path(), 0o777);
    assert!(doctor(&path, &[]).has("permissions", "wrong", "others can put files into", "chmod 700"));
}

#[tokio::test]
async fn databases_that_no_server_starts_on_are_told() {
    let folder = Scratch::new();
    let path = closed(&folder).await;
    let whole = fs::read(&path).unwrap();
    fs::write(&path, &whole[..whole.len() / 2]).unwrap();
    assert!(doctor(&path, &[]).has("database", "wrong", "damaged", "exeunt restore"));
    fs::write(&path, &whole).unwrap();
    let later = rusqlite::Connection::open(&path).unwrap();
    later.pragma_update(None, "user_version", 99).unwrap();
    drop(later);
    assert!(doctor(&path, &[]).has("database", "wrong", "later version (schema 99", "run that version"));
    fs::write(&path, &whole).unwrap();
    fs::write(beside(&path, ".restored"), "").unwrap();
    assert!(doctor(&path, &[]).has("database", "wrong", "was cut short", "run the same"));
    fs::remove_file(beside(&path, ".restored")).unwrap();
    let backup = folder.path().join("backup.db");
    let store = open(&path);
    back_up(&store, &backup).await;
    drop(store);
    assert!(doctor(&backup, &[]).has("database", "wrong", "is a backup", "exeunt restore --in-place"));
    let none = folder.path().join("none.db");
    assert!(doctor(&none, &[]).has("database", "warning", "there is none", "exeunt serve"));
    assert!(!none.exists());
}

#[tokio::test]
async fn a_clock_behind_the_newest_mark_is_wrong() {
    let folder = Scratch::new();
    let path = closed(&folder).await;
    let store = open(&path);
    let mut raise = contract::raise(Anchor::User(UserId([1; 16])), Why::Everywhere);
    raise.when = Moment::from_secs(4_000_000_000);
    store.raise(raise).await.unwrap();
    store.close().await.unwrap();
    assert!(doctor(&path, &[]).has("clock", "wrong", "the newest mark is of 2096-", "--accept-clock"));
}

#[tokio::test]
async fn logins_that_nearly_all_come_from_one_address_point_at_a_proxy() {
    let folder = Scratch::new();
    let path = closed(&folder).await;
    let store = open(&path);
    for number in 100..140 {
        let mut new = contract::fresh(&store, number, 1).await.unwrap();
        new.record.from = Some(IpAddr::from([10, 0, 0, 7]));
        new.record.dialect = DialectName::new("rested");
        store.issue(new).await.unwrap();
    }
    store.close().await.unwrap();
    let told = doctor(&path, &[]);
    assert!(told.has("addresses", "warning", "40 of the latest 40", "trusted_proxies = [\"10.0.0.7\"]"));
    // A running server tells the same of itself.
    let server = Binary::start(folder.path());
    let told = doctor(&path, &["--url", &format!("http://{}", server.address)]);
    assert!(told.has("database", "ok", "its server is asked", ""));
    assert!(told.has("server", "ok", "is of this version", ""));
    assert!(told.has("addresses", "warning", "40 of the latest 40", "10.0.0.7"), "{:?}", told.findings);
}

#[tokio::test]
async fn a_server_that_does_not_answer_is_wrong_where_there_must_be_one() {
    let folder = Scratch::new();
    let path = closed(&folder).await;
    let nobody = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
    let url = format!("http://{nobody}");
    assert!(doctor(&path, &["--url", &url]).has("server", "wrong", "refused", "--url"));
    let config = folder.path().join("exeunt.toml");
    fs::write(&config, format!("listen = \"{nobody}\"")).unwrap();
    let config = config.display().to_string();
    assert!(doctor(&path, &["--config", &config]).has("server", "ok", "none answers", ""));
    let held = open(&path);
    let told = doctor(&path, &["--config", &config]);
    assert!(
        told.has("database", "ok", "is in use", "") && told.has("server", "wrong", "refused", "start it")
    );
    drop(held);
}

#[test]
fn settings_that_do_not_work_are_told() {
    let folder = Scratch::new();
    let (path, config) = (folder.path().join("exeunt.db"), folder.path().join("exeunt.toml"));
    let arguments = ["--config", &config.display().to_string()];
    fs::write(&config, "listen = 5").unwrap();
    assert!(doctor(&path, &arguments).has("configuration", "wrong", "listen", "would not start"));
    fs::write(&config, "listen = \"0.0.0.0:9\"\ntrusted_proxies = [\"0.0.0.0/0\"]").unwrap();
    assert!(doctor(&path, &arguments).has("proxies", "wrong", "everybody may claim any address", "alone"));
    fs::write(&config, "listen = \"0.0.0.0:9\"").unwrap();
    assert!(doctor(&path, &arguments).has("tls", "warning", "can read passwords and tokens", "proxy"));
}
