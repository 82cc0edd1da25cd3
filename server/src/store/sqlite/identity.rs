//! Checks that the files at the store's path are still the ones that this process has open.
//!
//! A database can be moved, replaced or overwritten while a server has it open, and its WAL removed. Commits then go to
//! files that will never be opened again, and a second server may start on the files now at the path. So the files are
//! checked after every commit before it is acknowledged, and once a second by a task.

use std::fs;
use std::io;
use std::os::unix::fs::{FileExt, MetadataExt};
use std::path::{Path, PathBuf};
use std::sync::{Mutex, MutexGuard};

use super::file::beside;
use super::lock::{LOCK, Lock, id, is_gone};
use super::tail::End;

use crate::lock::Exclusive as _;

/// The length of a database's header, in bytes: it contains a change counter.
const HEAD_BYTES: usize = 100;

/// The files that this process has open at the store's path.
pub(super) struct Identity {
    database: PathBuf,
    log: PathBuf,
    lock: PathBuf,
    held: Mutex<Option<Held>>,
}

struct Held {
    lock: Lock,
    log: Option<(u64, u64)>,
    /// Where the WAL ends while this process does not write into it.
    end: Option<End>,
    /// The WAL was not as the last commit left it.
    is_log_spoiled: bool,
    /// The state of the database while this process does not write into the file.
    state: Option<FileState>,
    /// How many of this process's connections may be writing into the file.
    moving: u32,
}

/// What changes when a file is written.
#[derive(PartialEq, Eq)]
struct FileState {
    head: [u8; HEAD_BYTES],
    bytes: u64,
    /// Change time in seconds and nanoseconds, if it changes only with writes.
    changed_at: Option<(i64, i64)>,
}

/// What happened to the files.
#[derive(Debug)]
pub(super) enum Loss {
    /// Another database, or none, is at the path; or the lock file is gone where it is the only lock.
    Moved,
    /// Another program wrote into the database.
    Overwritten,
    /// The WAL is gone.
    LogGone,
    /// The WAL was replaced.
    LogReplaced,
    /// The WAL was truncated or written over.
    LogOverwritten,
    /// The system returned an error.
    Unsure(io::Error),
}

/// While this exists, this process's connections may write into the database file.
pub(super) struct Moving<'a>(&'a Identity);

impl Identity {
    /// The identity of the database at this path, which this process has locked.
    pub(super) fn new(database: &Path, lock: Lock) -> Self {
        Self {
            database: database.to_owned(),
            log: beside(database, "-wal"),
            lock: beside(database, LOCK),
            held: Mutex::new(Some(Held {
                lock,
                log: None,
                end: None,
                is_log_spoiled: false,
                state: None,
                moving: 0,
            })),
        }
    }

    /// Releases the lock, so that another process can open the store.
    pub(super) fn release(&self) {
        self.held().take();
    }

    /// SQLite has just opened the database and the WAL at its path: from now on both are checked.
    pub(super) fn learn(&self) {
        if let Some(held) = &mut *self.held() {
            held.log = fs::metadata(&self.log).ok().as_ref().map(id);
            held.state = if held.moving == 0 { held.read_state() } else { None };
        }
    }

    /// Connections are about to be closed and opened, and may write into the file. Until [`Identity::learn`] its
    /// content is not checked.
    pub(super) fn unlearn(&self) {
        if let Some(held) = &mut *self.held() {
            (held.log, held.end, held.state) = (None, None, None);
        }
    }

    /// A connection of this process is about to write into the WAL. Until [`Identity::committed`] its end is not checked.
    pub(super) fn committing(&self) {
        if let Some(held) = &mut *self.held() {
            held.end = None;
        }
    }

    /// Records a commit: the WAL ends there now.
    pub(super) fn committed(&self, end: Option<End>) {
        if let Some(held) = &mut *self.held() {
            held.end = end;
        }
    }

    /// Records that the WAL is not as the last commit left it. Nothing repairs that.
    pub(super) fn log_is_spoiled(&self) -> Loss {
        if let Some(held) = &mut *self.held() {
            held.is_log_spoiled = true;
        }
        Loss::LogOverwritten
    }

    /// A connection of this process is about to write into the file.
    pub(super) fn moving(&self) -> Moving<'_> {
        if let Some(held) = &mut *self.held() {
            held.moving += 1;
            held.state = None;
        }
        Moving(self)
    }

    /// Checks that all files are at their paths.
    ///
    /// # Errors
    /// What happened to them.
    pub(super) fn check(&self) -> Result<(), Loss> {
        let mut held = self.held();
        let Some(held) = &mut *held else { return Ok(()) };
        let database = held.lock.database.as_ref().map(fs::File::metadata);
        let database = database.transpose().map_err(Loss::Unsure)?;
        if !is_at(&self.database, database.as_ref().map(id))? {
            return Err(Loss::Moved);
        }
        if !held.lock.on_database {
            let lock = held.lock.beside.metadata().map_err(Loss::Unsure)?;
            if !is_at(&self.lock, Some(id(&lock)))? {
                return Err(Loss::Moved);
            }
        }
        if held.state.is_some() && held.read_state() != held.state {
            return Err(Loss::Overwritten);
        }
        match held.log.map(|log| Ok((fs::metadata(&self.log)?, log))).transpose() {
            Ok(Some((there, log))) if id(&there) != log => Err(Loss::LogReplaced),
            Ok(_) => {
                let whole = held.end.map(|end| end.is_in(&fs::File::open(&self.log)?)).transpose();
                held.is_log_spoiled |= !whole.map_err(Loss::Unsure)?.unwrap_or(true);
                if held.is_log_spoiled { Err(Loss::LogOverwritten) } else { Ok(()) }
            }
            Err(error) if is_gone(&error) => Err(Loss::LogGone),
            Err(error) => Err(Loss::Unsure(error)),
        }
    }

    /// Free bytes on the disk of the database; `None` where the system does not report them.
    pub(super) fn free_bytes(&self) -> Option<u64> {
        super::disk::free_bytes(self.held().as_ref()?.lock.database.as_ref()?)
    }

    fn held(&self) -> MutexGuard<'_, Option<Held>> {
        self.held.hold()
    }
}

impl Held {
    fn read_state(&self) -> Option<FileState> {
        let database = self.lock.database.as_ref()?;
        let mut head = [0; HEAD_BYTES];
        database.read_exact_at(&mut head, 0).ok()?;
        let about = database.metadata().ok()?;
        let changed_at = self.lock.has_true_times.then(|| (about.mtime(), about.mtime_nsec()));
        Some(FileState { head, bytes: about.len(), changed_at })
    }
}

impl Drop for Moving<'_> {
    fn drop(&mut self) {
        if let Some(held) = &mut *self.0.held() {
            held.moving -= 1;
            // While the WAL is not known, connections are being opened and closed.
            if held.moving == 0 && held.log.is_some() {
                held.state = held.read_state();
            }
        }
    }
}

impl Loss {
    /// The text for the operator.
    pub(super) fn text(&self, database: &Path) -> String {
        let path = database.display();
        match self {
            Self::Moved => format!(
                "{path} is no longer the database that this server has open: it was moved, replaced or \
                 removed; put it back, or restart the server with the right file"
            ),
            Self::Overwritten => format!(
                "another program wrote to {path} while this server had it open; stop the server, and \
                 restore a backup: exeunt restore"
            ),
            Self::LogGone => format!("the WAL of {path} was removed while this server had it open"),
            Self::LogReplaced => format!(
                "the WAL of {path} was replaced while this server had it open; remove the file {path}-wal \
                 that is there now"
            ),
            Self::LogOverwritten => format!(
                "the WAL of {path} was truncated or overwritten while this server had it open; stop the \
                 server, and restore a backup: exeunt restore"
            ),
            Self::Unsure(error) => format!("cannot check whether {path} is still in its place: {error}"),
        }
    }
}

fn is_at(path: &Path, ours: Option<(u64, u64)>) -> Result<bool, Loss> {
    match fs::metadata(path) {
        Ok(there) => Ok(Some(id(&there)) == ours),
        Err(error) if is_gone(&error) => Ok(false),
        Err(error) => Err(Loss::Unsure(error)),
    }
}
