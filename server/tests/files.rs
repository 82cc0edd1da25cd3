//! What an operator can get wrong with the file of the embedded store: each a clear error that names the file and
//! what to do, and nothing is damaged.

#![expect(clippy::unwrap_used, reason = "a test may fail")]

mod scratch;

use std::fs;
use std::os::unix::fs::{PermissionsExt, symlink};
use std::path::Path;

use exeunt::error::{Error, Kind, Unavailability};
use exeunt::store::sqlite::{SqliteOptions, SqliteStore};
use exeunt::store::{Incarnation, Ledger, Upkeep, contract};
use exeunt_core::{Anchor, UserId, Why};

use self::scratch::Scratch;

fn open(path: &Path) -> Result<SqliteStore, Error> {
    SqliteStore::open(SqliteOptions::new(path.to_owned(), Incarnation([1; 16])))
}

/// The text that the operator reads.
fn refusal(path: &Path) -> String {
    let error = open(path).err().unwrap();
    assert_eq!(error.kind(), Kind::Unavailable(Unavailability::Refused));
    assert!(error.public().contains(&path.display().to_string()), "{error}");
    error.public().to_owned()
}

#[test]
fn a_second_process_is_kept_out() {
    let folder = Scratch::new();
    let path = folder.path().join("exeunt.db");
    let first = open(&path).unwrap();
    assert!(refusal(&path).contains("in use by another process; stop that one"));
    drop(first);
    assert!(open(&path).is_ok());
}

#[test]
fn another_name_of_the_same_file_opens_no_second_door() {
    let folder = Scratch::new();
    let path = folder.path().join("exeunt.db");
    let (soft, hard) = (folder.path().join("soft.db"), folder.path().join("hard.db"));
    let first = open(&path).unwrap();
    symlink(&path, &soft).unwrap();
    assert!(refusal(&soft).contains("in use by another process; stop that one"));
    fs::hard_link(&path, &hard).unwrap();
    assert!(refusal(&hard).contains("has another name"));
    drop(first);
    // Whoever opens the one would not see the log beside the other.
    assert!(refusal(&path).contains("has another name"));
    fs::remove_file(&hard).unwrap();
    let first = open(&soft).unwrap();
    assert!(refusal(&path).contains("in use by another process"));
    drop(first);
    // A link to a file that is not there yet.
    let later = folder.path().join("later.db");
    symlink(&later, folder.path().join("to-later.db")).unwrap();
    let first = open(&folder.path().join("to-later.db")).unwrap();
    assert!(refusal(&later).contains("in use by another process"));
    drop(first);
}

#[test]
fn what_is_no_database_is_left_alone() {
    let folder = Scratch::new();
    let path = folder.path().join("exeunt.db");
    let text = "Dear diary, ".repeat(1000);
    fs::write(&path, &text).unwrap();
    assert!(refusal(&path).contains("is not a database, or damaged"));
    assert_eq!(fs::read_to_string(&path).unwrap(), text);
}

#[test]
fn a_database_of_another_program_is_left_alone() {
    let folder = Scratch::new();
    let path = folder.path().join("exeunt.db");
    let other = rusqlite::Connection::open(&path).unwrap();
    other.execute_batch("CREATE TABLE recipes (name TEXT)").unwrap();
    drop(other);
    assert!(refusal(&path).contains("of another program"));
}

#[test]
fn a_later_schema_is_not_touched() {
    let folder = Scratch::new();
    let path = folder.path().join("exeunt.db");
    drop(open(&path).unwrap());
    let later = rusqlite::Connection::open(&path).unwrap();
    later.pragma_update(None, "user_version", 99).unwrap();
    drop(later);
    let text = refusal(&path);
    assert!(text.contains("later version of Exeunt (schema 99"), "{text}");
}

#[test]
fn a_place_where_nothing_can_be_written_is_named() {
    assert!(refusal(Path::new("/proc/exeunt/exeunt.db")).contains("cannot make the directory of"));
    let folder = Scratch::new();
    let file = folder.path().join("file");
    fs::write(&file, "").unwrap();
    assert!(refusal(&file.join("exeunt.db")).contains("cannot make"));
    // A directory where the file should be.
    assert!(refusal(folder.path()).contains("cannot be opened"));
}

#[test]
fn file_and_directory_are_for_this_user_alone() {
    let folder = Scratch::new();
    let inner = folder.path().join("a/b");
    let path = inner.join("exeunt.db");
    drop(open(&path).unwrap());
    let mode = |path: &Path| fs::metadata(path).unwrap().permissions().mode() & 0o777;
    assert_eq!((mode(&inner), mode(&path)), (0o700, 0o600));
}

#[tokio::test]
async fn the_demonstration_is_remembered() {
    let folder = Scratch::new();
    let path = folder.path().join("exeunt.db");
    let store = open(&path).unwrap();
    assert!(!store.is_demo().await.unwrap());
    store.set_demo().await.unwrap();
    store.close().await.unwrap();
    assert!(open(&path).unwrap().is_demo().await.unwrap());
}

#[tokio::test]
async fn a_store_keeps_its_incarnation() {
    let folder = Scratch::new();
    let path = folder.path().join("exeunt.db");
    drop(open(&path).unwrap());
    let store = SqliteStore::open(SqliteOptions::new(path, Incarnation([2; 16]))).unwrap();
    assert_eq!(store.position().await.unwrap().incarnation, Incarnation([1; 16]));
}

/// The log beside the file is moved into the file while commits go on, in time or, at the latest, at 40,000 pages.
#[tokio::test]
async fn the_log_beside_the_file_does_not_grow_without_end() {
    const COMMITS: u64 = 30_000;
    const BYTES_MAX: u64 = 42_000 * 4_120;
    let folder = Scratch::new();
    let path = folder.path().join("exeunt.db");
    let store = open(&path).unwrap();
    for number in 0..COMMITS {
        let user = UserId(u128::from(number).to_be_bytes());
        store.raise(contract::raise(Anchor::User(user), Why::Everywhere)).await.unwrap();
    }
    let log = fs::metadata(folder.path().join("exeunt.db-wal")).unwrap().len();
    assert!(log < BYTES_MAX, "{log} bytes");
    store.close().await.unwrap();
    let store = open(&path).unwrap();
    assert_eq!(store.position().await.unwrap().stamp.number(), COMMITS);
}
