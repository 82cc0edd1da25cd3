//! `exeunt backup` and what it asks the server for: everything acknowledged before is in it, and the old file stays
//! until the new one is whole.

use std::fs;
use std::io::{Read, Write};
use std::net::{Shutdown, SocketAddr, TcpListener, TcpStream};
use std::os::unix::fs::{FileTypeExt, PermissionsExt};
use std::os::unix::net::UnixListener;
use std::path::Path;
use std::sync::Mutex;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;

use exeunt::error::{Kind, Unavailability};
use exeunt::store::{Ledger, Upkeep, contract};
use exeunt_core::{Anchor, UserId, Why};
use futures_util::FutureExt;
use serde_json::json;

use crate::binary::{Binary, Connection};
use crate::command::{Ran, run, run_without_key};
use crate::scratch::Scratch;
use crate::stage::{back_up, beside, furnished, names, open};

/// Who logs in and out while a backup is made.
const CALLERS: usize = 3;
/// Backups made meanwhile.
const BACKUPS: usize = 3;

fn backup(server: SocketAddr, file: &Path) -> Ran {
    run(&["backup", &file.display().to_string(), "--url", &format!("http://{server}")])
}

#[test]
fn every_logout_acknowledged_before_a_backup_is_in_it() {
    let folder = Scratch::new();
    let server = Binary::start(folder.path());
    let (ended, over) = (Mutex::new(Vec::new()), AtomicBool::new(false));
    thread::scope(|scope| {
        for number in 0..CALLERS {
            let (ended, over, address) = (&ended, &over, server.address);
            scope.spawn(move || log_in_and_out(address, number, ended, over));
        }
        for round in 0..BACKUPS {
            // Some have logged out before each.
            while ended.lock().unwrap().len() < 20 * (round + 1) {
                thread::yield_now();
            }
            let before: Vec<String> = ended.lock().unwrap().clone();
            let file = folder.path().join(format!("backup{round}"));
            let ran = backup(server.address, &file);
            assert_eq!(ran.code, 0, "{}", ran.error);
            must_know(&folder.path().join(format!("restored{round}")), &file, &before);
        }
        over.store(true, Ordering::SeqCst);
    });
}

fn log_in_and_out(server: SocketAddr, number: usize, ended: &Mutex<Vec<String>>, over: &AtomicBool) {
    let mut server = Connection::open(server).unwrap();
    let user = json!({ "username": format!("user{number}") }).to_string();
    let user = server.ask("POST", "/v1/users", &user).unwrap().1["id"].clone();
    while !over.load(Ordering::SeqCst) {
        let (_, session) = server.ask("POST", "/v1/sessions", &json!({ "user": user }).to_string()).unwrap();
        let id = session["session"].as_str().unwrap();
        assert_eq!(server.ask("DELETE", &format!("/v1/sessions/{id}"), "").unwrap().0, 200);
        ended.lock().unwrap().push(session["token"].as_str().unwrap().to_owned());
    }
}

/// Sessions are kept, so it is their own marks that end them.
fn must_know(folder: &Path, backup: &Path, ended: &[String]) {
    let store = format!("sqlite:{}", folder.join("exeunt.db").display());
    let ran = run(&["restore", &backup.display().to_string(), "--store", &store, "--keep-sessions", "--yes"]);
    assert_eq!(ran.code, 0, "{}", ran.error);
    assert!(
        ran.output.contains("sessions that were ended after this state was taken live again"),
        "{}",
        ran.output
    );
    let server = Binary::start(folder);
    let mut server = Connection::open(server.address).unwrap();
    for tokens in ended.chunks(100) {
        let (status, told) =
            server.ask("POST", "/v1/check?why=1", &json!({ "tokens": tokens }).to_string()).unwrap();
        assert_eq!(status, 200, "{told}");
        for result in told["results"].as_array().unwrap() {
            assert_eq!(result["verdict"], "ended", "{result}");
        }
    }
}

#[test]
fn a_backup_is_for_its_owner_alone_and_replaces_the_old_one() {
    let folder = Scratch::new();
    let server = Binary::start(folder.path());
    let kept = folder.path().join("kept");
    fs::create_dir(&kept).unwrap();
    let file = kept.join("exeunt.backup");
    fs::write(&file, "old").unwrap();
    fs::write(kept.join("exeunt.backup.part"), "what a killed backup has left").unwrap();
    let ran = backup(server.address, &file);
    assert_eq!(ran.code, 0, "{}", ran.error);
    assert!(ran.output.contains(": everything as it was at 2"), "{}", ran.output);
    assert_eq!(fs::metadata(&file).unwrap().permissions().mode() & 0o777, 0o600);
    assert_eq!(names(&kept), ["exeunt.backup"]);
    assert!(fs::read(&file).unwrap().starts_with(b"SQLite format 3"));
    // The trail tells who took a copy of everything.
    let mut server = Connection::open(server.address).unwrap();
    let (_, audit) = server.ask("GET", "/v1/audit", "").unwrap();
    assert!(audit.to_string().contains("store.backup"), "{audit}");
}

/// A rename would put it in the place of whatever is there: the store itself, or `/dev/null`.
#[test]
fn a_backup_takes_the_place_of_no_store_and_of_nothing_that_is_no_file() {
    let folder = Scratch::new();
    let server = Binary::start(folder.path());
    let store = folder.path().join("exeunt.db");
    let ran = backup(server.address, &store);
    assert_eq!(ran.code, 2, "{}", ran.output);
    assert!(ran.error.contains("exeunt.db is a store, and no place for a backup"), "{}", ran.error);
    let socket = folder.path().join("socket");
    let _listening = UnixListener::bind(&socket).unwrap();
    let ran = backup(server.address, &socket);
    assert_eq!(ran.code, 2, "{}", ran.output);
    assert!(ran.error.contains("socket is there already, and is no file"), "{}", ran.error);
    assert!(fs::metadata(&socket).unwrap().file_type().is_socket());
    assert!(names(folder.path()).iter().all(|name| !name.ends_with(".part")));
    // A store that has ended is one still, and a backup is none although somebody tried to serve it.
    let kept = folder.path().join("kept");
    assert_eq!(backup(server.address, &kept).code, 0);
    fs::write(beside(&kept, ".lock"), "").unwrap();
    assert_eq!(backup(server.address, &kept).code, 0);
    let ended = folder.path().join("ended.db");
    drop(open(&ended));
    assert_eq!(backup(server.address, &ended).code, 2);
}

/// On another machine the key is not there, and only its hash is in the backup.
#[tokio::test]
async fn a_restore_tells_of_the_key_that_is_in_no_backup() {
    let folder = Scratch::new();
    let (store, _) = furnished(&folder.path().join("exeunt.db")).await;
    let file = folder.path().join("backup");
    back_up(&store, &file).await;
    let (file, new) = (file.display().to_string(), folder.path().join("new"));
    let target = format!("sqlite:{}", new.join("exeunt.db").display());
    let ran = run_without_key(&["restore", &file, "--store", &target]);
    assert_eq!(ran.code, 0, "{}", ran.error);
    assert!(ran.output.contains("admin.key is in no backup"), "{}", ran.output);
    fs::write(new.join("admin.key"), "").unwrap();
    let ran = run_without_key(&["restore", &file, "--store", &target, "--replace", "--yes"]);
    assert_eq!(ran.code, 0, "{}", ran.error);
    assert!(!ran.output.contains("admin.key"), "{}", ran.output);
}

/// Through a relay that breaks off, or changes a byte.
#[test]
fn what_did_not_come_whole_is_no_backup() {
    let folder = Scratch::new();
    let server = Binary::start(folder.path());
    let file = folder.path().join("exeunt.backup");
    fs::write(&file, "old").unwrap();
    for (relay, says) in [
        (relay(server.address, |_, _| 0), "asking again is safe|Is the server running"),
        (
            relay(server.address, |sent, bytes| if sent > 40_000 { 0 } else { bytes.len() }),
            "the backup broke off",
        ),
        (relay(server.address, corrupt), "what came is not what was sent"),
    ] {
        let ran = backup(relay, &file);
        assert_eq!(ran.code, 5, "{}", ran.error);
        assert!(says.split('|').any(|says| ran.error.contains(says)), "{}", ran.error);
        assert_eq!(fs::read_to_string(&file).unwrap(), "old");
        assert!(!names(folder.path()).iter().any(|name| name.ends_with(".part")));
    }
}

fn corrupt(sent: usize, bytes: &mut [u8]) -> usize {
    // The head is far shorter.
    if sent > 20_000
        && let Some(byte) = bytes.first_mut()
    {
        *byte ^= 1;
    }
    bytes.len()
}

/// Passes one connection on to the server. `pass` is told how many bytes of its answer were passed on and what comes
/// next, and how much of that goes on; 0 ends it.
fn relay(server: SocketAddr, pass: impl Fn(usize, &mut [u8]) -> usize + Send + 'static) -> SocketAddr {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap();
    thread::spawn(move || {
        let (mut caller, _) = listener.accept().unwrap();
        let mut server = TcpStream::connect(server).unwrap();
        let (mut from, mut to) = (caller.try_clone().unwrap(), server.try_clone().unwrap());
        thread::spawn(move || std::io::copy(&mut from, &mut to));
        let (mut sent, mut piece) = (0, vec![0; 4096]);
        while let Ok(count @ 1..) = server.read(&mut piece) {
            let passed = pass(sent, &mut piece[..count]);
            if passed == 0 || caller.write_all(&piece[..passed]).is_err() {
                break;
            }
            sent += passed;
        }
        drop(caller.shutdown(Shutdown::Both));
    });
    address
}

#[test]
fn a_server_that_is_away_costs_nothing() {
    let folder = Scratch::new();
    let file = folder.path().join("exeunt.backup");
    let nobody = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
    let ran = backup(nobody, &file);
    assert_eq!(ran.code, 5, "{}", ran.error);
    assert!(names(folder.path()).is_empty());
    let ran = backup(nobody, &folder.path().join("nowhere/exeunt.backup"));
    assert_eq!(ran.code, 1);
    assert!(ran.error.contains("nowhere/exeunt.backup.part cannot be written"), "{}", ran.error);
}

#[tokio::test]
async fn backups_are_made_one_at_a_time() {
    let folder = Scratch::new();
    let (store, _) = furnished(&folder.path().join("exeunt.db")).await;
    let first = store.backup(contract::audit_entry("store.backup")).await.unwrap();
    let second = store.backup(contract::audit_entry("store.backup")).await;
    assert_eq!(second.err().unwrap().kind(), Kind::Unavailable(Unavailability::Busy));
    // The copy has no name any more: whatever happens, nothing is left.
    assert!(!names(folder.path()).iter().any(|name| name.contains("backup")));
    drop(first);
    back_up(&store, &folder.path().join("third")).await;
}

/// While a backup is made the log beside the database is left alone; afterwards it begins anew as ever.
#[tokio::test]
async fn the_log_is_moved_again_after_a_backup() {
    const COMMITS: u64 = 8_000;
    const BYTES_MAX: u64 = 24 << 20;
    let folder = Scratch::new();
    let path = folder.path().join("exeunt.db");
    let (store, _) = furnished(&path).await;
    back_up(&store, &folder.path().join("copy")).await;
    for number in 0..COMMITS {
        let user = UserId(u128::from(number).to_be_bytes());
        store.raise(contract::raise(Anchor::User(user), Why::Everywhere)).await.unwrap();
    }
    let log = fs::metadata(beside(&path, "-wal")).unwrap().len();
    assert!(log < BYTES_MAX, "{log} bytes");
}

#[tokio::test]
async fn whoever_hangs_up_leaves_nothing_behind() {
    let folder = Scratch::new();
    let (store, _) = furnished(&folder.path().join("exeunt.db")).await;
    let mut asked = store.backup(contract::audit_entry("store.backup"));
    assert!(asked.as_mut().now_or_never().is_none());
    drop(asked);
    store.close().await.unwrap();
    assert!(!names(folder.path()).iter().any(|name| name.contains("backup")));
}
