//! What a restore refuses, and what is left when it is cut short: the store that was there, always.

use std::fs;
use std::os::unix::fs::FileTypeExt;
use std::os::unix::net::UnixListener;
use std::path::Path;

use exeunt::store::Upkeep;
use exeunt::store::sqlite::restore::{SessionsAfterReset, declare};

use crate::keep::stage::{back_up, beginning, beside, furnished, names, open, opened, restore};
use crate::support::scratch::Scratch;

/// The text that the operator reads.
fn refusal(backup: &Path, target: &Path, aside: Option<&str>) -> String {
    restore(backup, target, aside, SessionsAfterReset::Ended).unwrap_err().public().to_owned()
}

#[tokio::test]
async fn a_store_in_use_or_in_the_way_is_left_alone() {
    let folder = Scratch::new();
    let (path, backup) = (folder.path().join("exeunt.db"), folder.path().join("backup"));
    let (store, _) = furnished(&path).await;
    back_up(&store, &backup).await;
    assert!(
        refusal(&backup, &path, Some(".old")).contains("in use by another process; stop that process first")
    );
    assert!(
        declare(&path, beginning(SessionsAfterReset::Ended))
            .unwrap_err()
            .public()
            .contains("in use by another process")
    );
    store.close().await.unwrap();
    let before = fs::read(&path).unwrap();
    assert!(refusal(&backup, &path, None).contains("to keep it under another name, add --replace"));
    assert!(refusal(&path, &path, Some(".old")).contains("is the store itself"));
    assert_eq!(fs::read(&path).unwrap(), before);
    // The name under which it would be kept is taken.
    fs::write(beside(&path, ".old"), "mine").unwrap();
    assert!(refusal(&backup, &path, Some(".old")).contains("another file has that name"));
    assert_eq!(fs::read(&path).unwrap(), before);
    assert!(!names(folder.path()).iter().any(|name| name.contains(".resto")), "{:?}", names(folder.path()));
}

#[tokio::test]
async fn what_is_no_whole_backup_is_named_and_nothing_is_made_of_it() {
    let folder = Scratch::new();
    let (path, backup) = (folder.path().join("exeunt.db"), folder.path().join("backup"));
    let (store, _) = furnished(&path).await;
    back_up(&store, &backup).await;
    let whole = fs::read(&backup).unwrap();
    let target = folder.path().join("new/exeunt.db");
    let bad = folder.path().join("bad");
    let refused = |bytes: &[u8], text: &str| {
        fs::write(&bad, bytes).unwrap();
        let refusal = refusal(&bad, &target, None);
        assert!(refusal.contains(text) && refusal.contains(&bad.display().to_string()), "{refusal}");
        assert_eq!(names(&folder.path().join("new")), ["exeunt.db.lock"]);
    };
    refused(b"", "is not a backup: it is empty");
    refused("Dear diary, ".repeat(1000).as_bytes(), "is not a database, or is damaged");
    refused(&whole[..whole.len() / 2], "damaged");
    // The middle of a page of an index is lost.
    let mut torn = whole.clone();
    for page in torn.chunks_mut(4096).skip(1) {
        page[..8].fill(0xff);
    }
    refused(&torn, "damaged");
    fs::remove_file(&bad).unwrap();
    let other = rusqlite::Connection::open(&bad).unwrap();
    other.execute_batch("CREATE TABLE recipes (name TEXT)").unwrap();
    drop(other);
    refused(&fs::read(&bad).unwrap(), "is neither a backup nor a store of Exeunt");
    fs::write(&bad, &whole).unwrap();
    let later = rusqlite::Connection::open(&bad).unwrap();
    later.pragma_update(None, "user_version", 99).unwrap();
    drop(later);
    refused(&fs::read(&bad).unwrap(), "later version of Exeunt (schema 99");
    // What is written last in a store that runs is not in its file.
    fs::copy(beside(&path, "-wal"), beside(&bad, "-wal")).unwrap();
    refused(&whole, "is not a backup but a copy of a store");
    assert!(refusal(folder.path(), &target, None).contains("or not a regular file"));
    assert!(refusal(&folder.path().join("nowhere"), &target, None).contains("cannot read the backup"));
    assert!(refusal(&backup, folder.path(), None).contains("is a directory"));
    let socket = folder.path().join("socket");
    let _listening = UnixListener::bind(&socket).unwrap();
    assert!(refusal(&backup, &socket, Some(".old")).contains("socket is not a regular file"));
    assert!(fs::metadata(&socket).unwrap().file_type().is_socket());
}

/// Everything is prepared, and the machine stops just before the new database is put in its place.
#[tokio::test]
async fn no_server_starts_on_a_restore_that_was_cut_short() {
    let folder = Scratch::new();
    let (path, backup) = (folder.path().join("exeunt.db"), folder.path().join("backup"));
    let (store, _) = furnished(&path).await;
    back_up(&store, &backup).await;
    store.close().await.unwrap();
    fs::hard_link(&path, beside(&path, ".old")).unwrap();
    fs::copy(&backup, beside(&path, ".restored")).unwrap();
    let short = "was interrupted; run the same `exeunt restore` again";
    assert!(opened(&path).err().unwrap().public().contains(short));
    assert!(declare(&path, beginning(SessionsAfterReset::Ended)).unwrap_err().public().contains(short));
    restore(&backup, &path, Some(".old2"), SessionsAfterReset::Ended).unwrap();
    drop(open(&path));
    assert_eq!(
        names(folder.path()).iter().filter(|name| name.contains(".resto")).count(),
        0,
        "nothing is left of either"
    );
}

/// A restore that was killed before leaves something that nobody needs.
#[tokio::test]
async fn what_a_killed_restore_has_left_is_removed() {
    let folder = Scratch::new();
    let path = folder.path().join("exeunt.db");
    for suffix in [".restoring", ".restoring-journal", ".backup", ".backup-wal"] {
        fs::write(beside(&path, suffix), "half").unwrap();
    }
    drop(open(&path));
    let left: Vec<_> = names(folder.path()).into_iter().filter(|name| name.contains("restoring")).collect();
    assert!(left.is_empty(), "{left:?}");
}
