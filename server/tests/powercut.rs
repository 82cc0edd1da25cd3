//! The power goes at every single write and sync of a short history. Whatever the disk has kept then, every
//! acknowledged logout is dead, every acknowledged login alive, and the log of marks has no hole.

#![expect(clippy::unwrap_used, reason = "a test may fail")]

mod powercut {
    pub(crate) mod disk;
    pub(crate) mod history;
    pub(crate) mod vfs;
}
mod scratch;

use std::path::Path;
use std::sync::{Mutex, PoisonError};

use exeunt::error::{Error, Kind, Result, Unavailability};
use exeunt::store::sqlite::{SqliteOptions, SqliteStore};
use exeunt::store::{Ledger, SessionMarks, Upkeep, contract};
use tokio::runtime::{Builder, Runtime};

use self::powercut::disk::{self, Fault, Kind as Fails, Through, disk};
use self::powercut::history::{STEPS, Step, Told, options};
use self::powercut::vfs;
use self::scratch::Scratch;

/// Images of the disk that are looked at after each cut.
const IMAGES: u64 = 4;

/// There is one disk in this process, so one test at a time.
static ALONE: Mutex<()> = Mutex::new(());

#[test]
fn nothing_acknowledged_is_lost_when_the_power_goes() {
    let _alone = ALONE.lock().unwrap_or_else(PoisonError::into_inner);
    every_cut(options);
}

/// The same while the log beside the file is moved into the file, and begun anew, after every commit or two.
#[test]
fn nothing_is_lost_while_the_log_is_moved() {
    let _alone = ALONE.lock().unwrap_or_else(PoisonError::into_inner);
    every_cut(|path| SqliteOptions { log_pages: 1, ..options(path) });
}

fn every_cut(options: fn(&Path) -> SqliteOptions) {
    let mut cuts = 0;
    while let Some(broken) = cut_at(cuts + 1, options) {
        assert_eq!(broken, Vec::<String>::new(), "cut at {}", cuts + 1);
        cuts += 1;
    }
    assert!(cuts > 100, "the history has only {cuts} writes and syncs");
}

#[test]
fn without_syncing_something_is_lost() {
    let _alone = ALONE.lock().unwrap_or_else(PoisonError::into_inner);
    let off = |path: &Path| SqliteOptions { synchronous_off: true, ..options(path) };
    let broken = (1..).map_while(|at| cut_at(at, off)).find(|broken| !broken.is_empty());
    assert!(broken.is_some(), "this test could not tell a store that syncs from one that does not");
}

/// A failure that passes: the store finds out what it has, and goes on.
#[test]
fn after_a_failed_write_or_sync_the_store_recovers() {
    let _alone = ALONE.lock().unwrap_or_else(PoisonError::into_inner);
    for fault in [Fault::gone, Fault::full] {
        let mut at = 1;
        while runtime().block_on(survive(fault(at))) {
            at += 1;
        }
        assert!(at > 100, "the history has only {at} writes and syncs");
    }
}

/// Each write and each sync fails once, and more or less of it comes through. What was refused is not there, at whatever
/// moment the files are opened anew or the power goes; what was acknowledged is; and nothing is synced a second time
/// through a handle on which that has failed.
#[test]
fn what_was_refused_never_appears() {
    let _alone = ALONE.lock().unwrap_or_else(PoisonError::into_inner);
    let faults = [(Fails::Full, Through::Half), (Fails::Full, Through::All), (Fails::Broken, Through::All)];
    every_failure(&faults, options);
}

/// The same while the log beside the file is moved into the file, and begun anew, after every commit or two.
#[test]
fn what_was_refused_never_appears_while_the_log_is_moved() {
    let _alone = ALONE.lock().unwrap_or_else(PoisonError::into_inner);
    let faults =
        [(Fails::Full, Through::All), (Fails::Broken, Through::Nothing), (Fails::Broken, Through::All)];
    every_failure(&faults, |path| SqliteOptions { log_pages: 1, ..options(path) });
}

fn every_failure(faults: &[(Fails, Through)], options: fn(&Path) -> SqliteOptions) {
    let (mut refused, mut unknown) = (0, 0);
    for (kind, through) in faults.iter().copied() {
        let fault = |at| Fault { at, kind, once: true, through };
        let mut at = 1;
        while let Some(outage) = runtime().block_on(fail_once(fault(at), options)) {
            refused += u32::from(outage == Some(Unavailability::Refused));
            unknown += u32::from(outage == Some(Unavailability::Unknown));
            at += 1;
        }
        assert!(at > 100, "the history has only {at} writes and syncs");
    }
    // So that this cannot pass because nothing is ever refused, or everything.
    assert!(refused > 100 && unknown > 10, "{refused} were refused, {unknown} unknown");
}

/// Plays the history until the power goes, and tells how the promise is broken on the images of the disk. `None`: the
/// history ended before.
fn cut_at(at: u64, options: fn(&Path) -> SqliteOptions) -> Option<Vec<String>> {
    vfs::register();
    let folder = Scratch::new();
    disk().reset(Some(Fault::gone(at)));
    let told = runtime().block_on(play(&watched(options(&folder.path().join("exeunt.db")))));
    if !disk().has_failed() {
        return None;
    }
    let broken = (0..IMAGES).filter_map(|image| {
        let after = Scratch::new();
        disk().image(at * IMAGES + image, after.path());
        runtime().block_on(look(&after.path().join("exeunt.db"), &told)).err()
    });
    Some(broken.collect())
}

/// On the disk of the test.
fn watched(options: SqliteOptions) -> SqliteOptions {
    SqliteOptions { vfs: Some(vfs::NAME.to_owned()), cut: disk::cut, ..options }
}

async fn play(options: &SqliteOptions) -> Told {
    let mut told = Told::default();
    let open = || SqliteStore::open(options.clone());
    let Ok(mut store) = open() else { return told };
    for step in STEPS {
        if told.step(*step, &store).await.is_err() {
            break;
        }
        if matches!(step, Step::Reopen) {
            let closed = store.close().await;
            drop(store);
            match closed.and_then(|()| open()) {
                Ok(again) => store = again,
                Err(_) => return told,
            }
        }
    }
    told
}

/// Opens what is left as any store is opened.
async fn look(path: &Path, told: &Told) -> std::result::Result<(), String> {
    let store = SqliteStore::open(options(path)).map_err(|error| error.to_string())?;
    told.holds(&store).await
}

/// Plays the history with one fault that passes; `false` if it did not come.
async fn survive(fault: Fault) -> bool {
    vfs::register();
    let folder = Scratch::new();
    let path = folder.path().join("exeunt.db");
    disk().reset(Some(fault));
    let open = || SqliteStore::open(watched(options(&path)));
    let again = |error: Error| {
        assert!(error.public().contains(&path.display().to_string()), "{error}");
        disk().heal();
        open().unwrap()
    };
    let mut store = open().unwrap_or_else(again);
    let mut told = Told::default();
    for step in STEPS {
        if let Err(error) = told.step(*step, &store).await {
            found_out(&store, &error).await.unwrap();
            told.step(*step, &store).await.unwrap();
        }
        if matches!(step, Step::Reopen) {
            // If it cannot be closed in order, it is as if the process had died.
            let _closed = store.close().await;
            drop(store);
            store = open().unwrap_or_else(again);
        }
    }
    told.holds(&store).await.unwrap();
    drop(store);
    let came = disk().has_failed() || disk().is_healed();
    look(&path, &told).await.unwrap();
    came
}

/// Plays the history with one write or sync that fails. Returns what the failure came to, if anybody was told of it;
/// `None` if the history ended before.
async fn fail_once(fault: Fault, options: impl Fn(&Path) -> SqliteOptions) -> Option<Option<Unavailability>> {
    vfs::register();
    let folder = Scratch::new();
    let path = folder.path().join("exeunt.db");
    disk().reset(Some(fault));
    let open = || SqliteStore::open(watched(options(&path)));
    let mut store = open().or_else(|_| open()).unwrap();
    // A store that is being made may have been synced twice by SQLite: there is nothing in it yet.
    disk().synced_again = false;
    let (mut told, mut outage) = (Told::default(), None);
    for step in STEPS {
        if let Err(error) = told.step(*step, &store).await {
            outage = Some(if error.kind() == Kind::Unavailable(Unavailability::Refused) {
                is_as_told(&store, &path, fault).await;
                Unavailability::Refused
            } else {
                assert_eq!(error.kind(), Kind::Unavailable(Unavailability::Unknown));
                store.recover().await.unwrap();
                is_as_told(&store, &path, fault).await;
                Unavailability::Unknown
            });
            told.step(*step, &store).await.unwrap();
        }
        if matches!(step, Step::Reopen) {
            let _closed = store.close().await;
            drop(store);
            store = open().or_else(|_| open()).unwrap();
        }
    }
    // The log is moved after a step was answered. If that fails after the last one, whoever reads next is refused; a store
    // that is healthy is left as it is.
    if told.holds(&store).await.is_err() {
        store.recover().await.unwrap();
    }
    told.holds(&store).await.unwrap();
    drop(store);
    let came = disk().has_failed();
    let synced_again = disk().synced_again;
    look(&path, &told).await.unwrap();
    assert!(!synced_again, "{fault:?}: a sync was tried again on the handle on which it had failed");
    came.then_some(outage)
}

/// Whoever opens the files as they are now, or as a power cut would leave them, finds what the running store tells.
async fn is_as_told(store: &SqliteStore, path: &Path, fault: Fault) {
    let told = contract::everything(store).await.unwrap();
    for image in 0..=IMAGES / 2 {
        let folder = Scratch::new();
        let other = folder.path().join("exeunt.db");
        if image == IMAGES / 2 {
            for suffix in ["", "-wal"] {
                let beside = |path: &Path| path.with_file_name(format!("exeunt.db{suffix}"));
                std::fs::copy(beside(path), beside(&other)).unwrap();
            }
        } else {
            disk().image(fault.at * IMAGES + image, folder.path());
        }
        let found = SqliteStore::open(options(&other)).unwrap();
        let found = contract::everything(&found).await.unwrap();
        assert_eq!(found, told, "{fault:?}, image {image}");
    }
}

/// After an unknown outcome nothing is answered until the file was opened again.
async fn found_out(store: &SqliteStore, error: &Error) -> Result<()> {
    let unknown = Kind::Unavailable(Unavailability::Unknown);
    if error.kind() == unknown {
        assert_eq!(store.position().await.unwrap_err().kind(), unknown);
        assert_eq!(store.reserve(1).await.unwrap_err().kind(), unknown);
        assert_eq!(
            contract::all_in_force(store, None, SessionMarks::Included).await.unwrap_err().kind(),
            unknown
        );
        if !disk().is_full() {
            assert!(store.recover().await.is_err());
            assert_eq!(store.position().await.unwrap_err().kind(), unknown);
        }
        disk().heal();
        return store.recover().await;
    }
    assert_eq!(error.kind(), Kind::Unavailable(Unavailability::Refused));
    disk().heal();
    Ok(())
}

fn runtime() -> Runtime {
    Builder::new_current_thread().build().unwrap()
}
