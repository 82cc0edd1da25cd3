use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::sync::Arc;

use super::*;
use crate::config::Config;
use crate::env::Env;
use crate::error::{Kind, Unavailability};
use crate::scratch::Scratch;
use crate::store::Incarnation;
use crate::store::faulty::{Fault, Faulty};
use crate::store::memory::MemoryStore;

/// A server on a store that can be made to fail, and its directory.
async fn stage() -> (App, Arc<Faulty<MemoryStore>>, Scratch) {
    let store = Arc::new(Faulty::new(Arc::new(MemoryStore::new(Incarnation([1; 16])))));
    let app = App::open(Config::default(), Env::system(), store.clone(), false).await.unwrap();
    (app, store, Scratch::new())
}

/// The text in the file, which only its owner may read.
fn kept(directory: &Path) -> String {
    let file = directory.join(FILE);
    assert_eq!(fs::metadata(&file).unwrap().permissions().mode() & 0o777, 0o600);
    let text = fs::read_to_string(file).unwrap();
    text.strip_suffix('\n').unwrap().to_owned()
}

#[tokio::test]
async fn the_first_key_is_made_once() {
    let (app, _, folder) = stage().await;
    make_first(&app, Some(folder.path())).await.unwrap();
    let text = kept(folder.path());
    assert_eq!(app.authority.key(&text).unwrap().role, Role::Admin);
    make_first(&app, Some(folder.path())).await.unwrap();
    assert_eq!(kept(folder.path()), text);
    // The operator moved the file to a safer place: no other key is made.
    fs::remove_file(folder.path().join(FILE)).unwrap();
    make_first(&app, Some(folder.path())).await.unwrap();
    assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 0);
    assert_eq!(app.authority.keys().len(), 1);
}

/// A crash after the file was written and before the key was stored: the next start makes another key and writes it.
#[tokio::test]
async fn a_key_that_never_came_into_the_store_is_replaced() {
    let (app, store, folder) = stage().await;
    store.fail(1, Fault::Before);
    let error = make_first(&app, Some(folder.path())).await.unwrap_err();
    assert_eq!(error.kind(), Kind::Unavailable(Unavailability::Refused));
    let lost = kept(folder.path());
    assert!(app.authority.key(&lost).is_err());
    make_first(&app, Some(folder.path())).await.unwrap();
    let text = kept(folder.path());
    assert!(text != lost && app.authority.key(&text).is_ok());
}

/// A crash while the file was being written, and files with these names that others may read.
#[tokio::test]
async fn what_was_left_behind_is_replaced_and_lends_its_mode_to_nothing() {
    let (app, _, folder) = stage().await;
    for name in [FILE, "admin.key.new"] {
        let path = folder.path().join(name);
        fs::write(&path, "exk_half").unwrap();
        fs::set_permissions(&path, fs::Permissions::from_mode(0o644)).unwrap();
    }
    make_first(&app, Some(folder.path())).await.unwrap();
    assert!(app.authority.key(&kept(folder.path())).is_ok());
    assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 1);
}

/// The error names the file that cannot be written, the reason and what to do; no key is stored that no file shows.
#[tokio::test]
async fn a_place_where_nothing_can_be_written_is_named() {
    let (app, _, folder) = stage().await;
    // No user may write there, not even root.
    let directory = Path::new("/proc/self/ns");
    let error = make_first(&app, Some(directory)).await.unwrap_err();
    let text = error.public();
    assert!(
        text.starts_with("cannot write /proc/self/ns/admin.key, the first administrator's key: "),
        "{text}"
    );
    assert!(text.ends_with("; make its directory writable, or set EXEUNT_ADMIN_KEY"), "{text}");
    // A directory has the name of the file.
    fs::create_dir(folder.path().join("admin.key.new")).unwrap();
    assert!(make_first(&app, Some(folder.path())).await.is_err());
    assert!(app.authority.keys().is_empty());
}

#[tokio::test]
async fn a_store_in_memory_has_no_place_for_a_key() {
    let (app, _, _) = stage().await;
    let error = make_first(&app, None).await.unwrap_err();
    assert_eq!(
        error.public(),
        "a memory store cannot keep the first administrator's key; set EXEUNT_ADMIN_KEY"
    );
}

#[test]
fn keys_that_are_given_are_long_enough() {
    let long = "k".repeat(GIVEN_KEY_CHARS_MIN);
    assert_eq!(read(&format!("{long}, {long}x,,")).unwrap().len(), 2);
    assert_eq!(read(" , ").unwrap().len(), 0);
    let error = read(&format!("{long},short")).err().unwrap();
    assert_eq!(
        error.public(),
        "EXEUNT_ADMIN_KEY contains a key that is too short or too long; expected 32 to 256 characters in each"
    );
}
