//! A store with people in it, and what is done to it.

use std::fs::{self, File};
use std::io::Write;
use std::path::{Path, PathBuf};

use exeunt::error::Result;
use exeunt::store::sqlite::restore::{Beginning, Restored, Restoring, SessionsAfterReset};
use exeunt::store::sqlite::{SqliteOptions, SqliteStore};
use exeunt::store::{Directory, Found, Incarnation, Ledger, SessionBy, Upkeep, contract};
use exeunt_core::Session;

/// The life that every store here begins with.
pub(crate) const FIRST: Incarnation = Incarnation([1; 16]);
/// The life that a restore begins.
pub(crate) const SECOND: Incarnation = Incarnation([2; 16]);

pub(crate) fn open(path: &Path) -> SqliteStore {
    opened(path).unwrap()
}

pub(crate) fn opened(path: &Path) -> Result<SqliteStore> {
    SqliteStore::open(SqliteOptions::new(path.to_owned(), FIRST))
}

/// A store with a realm, a user and three sessions, the first of which has logged out.
pub(crate) async fn furnished(path: &Path) -> (SqliteStore, Vec<Session>) {
    let store = open(path);
    let realm = contract::realm();
    store.create_realm(realm, Vec::new(), None).await.unwrap();
    store.save_user(contract::user(1), None, None).await.unwrap();
    let mut sessions = Vec::new();
    for number in 1..=3 {
        sessions.push(contract::issue(&store, number, 1).await.unwrap());
    }
    contract::raise_session(&store, &sessions[0]).await.unwrap();
    (store, sessions)
}

/// Writes a backup of the store to this file.
pub(crate) async fn back_up(store: &SqliteStore, to: &Path) {
    let mut backup = store.backup(contract::audit_entry("store.backup")).await.unwrap();
    let mut file = File::create(to).unwrap();
    loop {
        let piece = backup.read(10_000).unwrap();
        if piece.is_empty() {
            break;
        }
        file.write_all(&piece).unwrap();
    }
    assert_eq!(fs::metadata(to).unwrap().len(), backup.bytes);
}

/// How a restore begins a life here.
pub(crate) const fn beginning(sessions: SessionsAfterReset) -> Beginning {
    Beginning { incarnation: SECOND, now: contract::NOW, sessions }
}

pub(crate) fn restore(
    backup: &Path,
    target: &Path,
    aside: Option<&str>,
    sessions: SessionsAfterReset,
) -> Result<Restored> {
    Restoring { backup, target, aside, beginning: beginning(sessions) }.run(&mut |_, _| {})
}

pub(crate) async fn found(store: &SqliteStore, session: &Session) -> Option<Found> {
    store.session(SessionBy::Id(session.id), contract::NOW).await.unwrap()
}

/// The names in a directory, in order.
pub(crate) fn names(folder: &Path) -> Vec<String> {
    let Ok(entries) = fs::read_dir(folder) else { return Vec::new() };
    let mut names: Vec<_> =
        entries.map(|entry| entry.unwrap().file_name().to_string_lossy().into_owned()).collect();
    names.sort();
    names
}

/// The file of this name with something added to it.
pub(crate) fn beside(path: &Path, suffix: &str) -> PathBuf {
    let mut name = path.as_os_str().to_owned();
    name.push(suffix);
    name.into()
}
