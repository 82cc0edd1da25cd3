//! The lock that keeps a second process out.
//!
//! It locks the database itself, whichever path leads there: another name, a link, a bind mount, a container. It does
//! not conflict with SQLite's own locks, since flock(2) and fcntl(2) locks are independent on a local file system of
//! Linux. The file beside the database is locked too: that keeps out earlier versions, and two restores to a path
//! without a database. On other systems and on network file systems both kinds are one and would block SQLite: there
//! the file beside the database is the only lock, and [`identity`](super::identity) checks that it stays.

use std::fs::{self, File, OpenOptions, TryLockError};
use std::io;
use std::os::unix::fs::MetadataExt;
use std::path::Path;

use super::file::{beside, cannot, private, refused};
use crate::error::Result;

/// The suffix of the file beside the database whose lock keeps a second process out.
pub(super) const LOCK: &str = ".lock";
/// File systems (statfs(2)) on which both kinds of lock are one: NFS, SMB, CIFS, SMB2, 9P.
#[cfg(target_os = "linux")]
const ONE_KIND: [u32; 5] = [0x6969, 0x517b, 0xff53_4d42, 0xfe53_4d42, 0x0102_1997];
/// A file system that may update the change time later than the change: FUSE.
#[cfg(target_os = "linux")]
const LATE_TIMES: u32 = 0x6573_5546;

/// The locks, held until this is dropped. Not before SQLite has closed the database: a process that closes a file loses
/// all its fcntl(2) locks on it.
pub(super) struct Lock {
    /// The file beside the database.
    pub(super) beside: File,
    /// The database, if it exists.
    pub(super) database: Option<File>,
    /// `true` if the database itself is locked.
    pub(super) on_database: bool,
    /// `true` if its change time moves only when something is written.
    pub(super) has_true_times: bool,
}

impl Lock {
    /// Takes the locks of the database at `only`, which may not exist yet. `path` is its name for the operator.
    pub(super) fn take(path: &Path, only: &Path) -> Result<Self> {
        let beside = private().truncate(false).open(beside(only, LOCK));
        let beside = beside.map_err(|error| cannot(path, "create a lock file beside", &error))?;
        lock(path, &beside)?;
        if !fs::metadata(only).is_ok_and(|about| about.is_file()) {
            return Ok(Self { beside, database: None, on_database: false, has_true_times: false });
        }
        let database = OpenOptions::new().read(true).write(true).open(only);
        let database = database.map_err(|error| cannot(path, "open", &error))?;
        let on_database = has_two_kinds(&database);
        let has_true_times = on_database && has_true_times(&database);
        if on_database {
            lock(path, &database)?;
        }
        if !fs::metadata(only).is_ok_and(|now| database.metadata().is_ok_and(|ours| id(&now) == id(&ours))) {
            return Err(refused(format!(
                "the database {} was replaced while it was being opened; try again",
                path.display()
            )));
        }
        Ok(Self { beside, database: Some(database), on_database, has_true_times })
    }

    /// Whether another process has the locks of the database at `only`. Creates nothing, and does not wait.
    pub(super) fn is_taken(only: &Path) -> bool {
        let database = File::open(only).ok().filter(has_two_kinds);
        // Shared, so that two concurrent checks do not mistake each other for a server.
        let taken = |file: File| matches!(file.try_lock_shared(), Err(TryLockError::WouldBlock));
        let beside = OpenOptions::new().read(true).write(true).open(beside(only, LOCK));
        database.is_some_and(taken) || beside.is_ok_and(taken)
    }
}

/// The identity of a file, independent of its names.
pub(super) fn id(about: &fs::Metadata) -> (u64, u64) {
    (about.dev(), about.ino())
}

fn lock(path: &Path, file: &File) -> Result<()> {
    match file.try_lock() {
        Ok(()) => Ok(()),
        Err(TryLockError::WouldBlock) => Err(refused(format!(
            "the database {} is in use by another process; stop that process first, or give another file",
            path.display()
        ))),
        Err(TryLockError::Error(error)) => Err(cannot(path, "lock", &error)),
    }
}

#[cfg(target_os = "linux")]
fn has_two_kinds(file: &File) -> bool {
    file_system(file).is_some_and(|kind| !ONE_KIND.contains(&kind))
}

#[cfg(target_os = "linux")]
fn has_true_times(file: &File) -> bool {
    file_system(file).is_some_and(|kind| kind != LATE_TIMES)
}

/// The file system's number, as 32 bits whatever the type is on this processor.
#[cfg(target_os = "linux")]
fn file_system(file: &File) -> Option<u32> {
    let kind = rustix::fs::fstatfs(file).ok()?.f_type as i64;
    u32::try_from(kind & 0xffff_ffff).ok()
}

#[cfg(not(target_os = "linux"))]
fn has_two_kinds(_: &File) -> bool {
    false
}

#[cfg(not(target_os = "linux"))]
fn has_true_times(_: &File) -> bool {
    false
}

/// Whether the error says that the file does not exist.
pub(super) fn is_gone(error: &io::Error) -> bool {
    matches!(error.kind(), io::ErrorKind::NotFound | io::ErrorKind::NotADirectory)
}
