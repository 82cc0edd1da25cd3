//! A disk that is full, of whoever asks for a backup and of the server: a real one, of the size of a thimble, in
//! memory.

use std::fs;
use std::io::BufReader;
use std::path::PathBuf;
use std::process::{Child, Stdio};

use serde_json::json;

use crate::keep::stage::names;
use crate::support::binary::{Binary, Connection, KEY, listening};
use crate::support::run::{apart, run_apart};
use crate::support::scratch::Scratch;

const EXEUNT: &str = env!("CARGO_BIN_EXE_exeunt");
/// Bytes that fill the server's disk but for less than a copy has to leave free.
const FILLING: usize = 10 << 20;

#[test]
fn the_old_backup_stays() {
    let folder = Scratch::new();
    let server = Binary::start(folder.path());
    let disk = Scratch::new();
    let (path, url) = (disk.path().display(), format!("http://{}", server.address));
    let ran = run_apart(&format!(
        "mount -t tmpfs -o size=64k thimble {path} && echo old > {path}/exeunt.backup || exit 99
         {EXEUNT} backup {path}/exeunt.backup --url {url}
         code=$?; cat {path}/exeunt.backup; ls {path}; exit $code"
    ));
    assert_eq!((ran.code, &*ran.out), (1, "old\nexeunt.backup\n"), "{}", ran.err);
    assert!(ran.err.contains("exeunt.backup.part: No space left on device"), "{}", ran.err);
    assert!(ran.err.contains("the previous backup was kept"), "{}", ran.err);
}

#[test]
fn a_restore_leaves_the_store_that_is_there() {
    let folder = Scratch::new();
    let server = Binary::start(folder.path());
    let disk = Scratch::new();
    let (path, url) = (disk.path().display(), format!("http://{}", server.address));
    let backup = folder.path().join("exeunt.backup");
    let backup = backup.display();
    let ran = run_apart(&format!(
        "mount -t tmpfs -o size=176k thimble {path} && {EXEUNT} backup {backup} --url {url} || exit 99
         {EXEUNT} restore {backup} --store sqlite:{path}/exeunt.db || exit 98
         cp {path}/exeunt.db {path}/../before.$$ && {EXEUNT} restore {backup} --store sqlite:{path}/exeunt.db --replace --yes
         code=$?; cmp {path}/exeunt.db {path}/../before.$$ && ls {path}; rm {path}/../before.$$; exit $code"
    ));
    assert_eq!(ran.code, 1, "{}{}", ran.out, ran.err);
    assert!(ran.out.ends_with("exeunt.db\nexeunt.db.lock\n"), "{}", ran.out);
    assert!(ran.err.contains("free some space on the disk"), "{}", ran.err);
}

/// The server of which the disk is a thimble.
struct Server(Child);

impl Drop for Server {
    fn drop(&mut self) {
        drop(self.0.kill());
        drop(self.0.wait());
    }
}

#[test]
fn the_disk_of_the_server_is_not_filled_by_a_copy() {
    let disk = Scratch::new();
    let path = disk.path().display();
    let script = format!(
        "mount -t tmpfs -o size=24m thimble {path} && \
         exec {EXEUNT} serve --listen 127.0.0.1:0 --store sqlite:{path}/exeunt.db"
    );
    let mut child = apart();
    child.args(["sh", "-c", &script]).env("EXEUNT_ADMIN_KEY", KEY).stderr(Stdio::piped());
    let mut server = Server(child.spawn().unwrap());
    let mut log = BufReader::new(server.0.stderr.take().unwrap());
    let (address, _) = listening(&mut log);
    let mut connection = Connection::open(address).unwrap();
    // Its disk, as it sees it.
    let inside = PathBuf::from(format!("/proc/{}/root{path}", server.0.id()));
    fs::write(inside.join("filling"), vec![0; FILLING]).unwrap();
    let (status, problem) = connection.ask("GET", "/v1/backup", "").unwrap();
    assert_eq!(status, 503, "{problem}");
    let detail = problem["detail"].as_str().unwrap();
    assert!(detail.starts_with("the disk is too full for a backup"), "{detail}");
    assert!(!names(&inside).iter().any(|name| name.contains("backup")), "{:?}", names(&inside));
    // It goes on as if nothing had been asked.
    let (status, _) = connection.ask("POST", "/v1/users", &json!({ "username": "ann" }).to_string()).unwrap();
    assert_eq!(status, 201);
    fs::remove_file(inside.join("filling")).unwrap();
    assert_eq!(connection.ask("GET", "/v1/backup", "").unwrap().0, 200);
}
