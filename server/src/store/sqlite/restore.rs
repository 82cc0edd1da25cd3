//! Makes a store from a backup, and declares that a store was reset. Without a server, and safe at every step: an
//! interruption leaves the old store, or one that says that the restore must be run again.
//!
//! The new database is made beside the old one (`.restoring`), gets its new incarnation there, and is synced before
//! anything else is touched. Then it is renamed to `.restored`; while that exists no server starts. The old database
//! and its WAL are put aside, and one rename puts the new one in place.

use std::fs::{self, File};
use std::io::{self, Read, Write};
use std::os::unix::fs::{MetadataExt, chown};
use std::path::{Path, PathBuf};

use exeunt_core::Moment;
use rusqlite::OpenFlags;

use super::file::{self, RESTORED, beside, cannot, explain, refused, sync_folder};
use super::lock::{LOCK, Lock};
use super::{life, meta};
use crate::error::Result;

pub use super::life::{Beginning, Begun, STRIDE, SessionsAfterReset, USERS_STRIDE};

/// The suffix of a database that is being restored.
const RESTORING: &str = ".restoring";
/// Bytes copied at once.
const PIECE_BYTES: usize = 1 << 20;

/// A restore of a backup.
pub struct Restoring<'a> {
    /// The backup.
    pub backup: &'a Path,
    /// The path of the store.
    pub target: &'a Path,
    /// The suffix under which an existing store is kept; `None`: an existing store is an error.
    pub aside: Option<&'a str>,
    /// The new incarnation.
    pub beginning: Beginning,
}

/// The result of a restore.
#[derive(Debug)]
pub struct Restored {
    /// The new incarnation.
    pub begun: Begun,
    /// Where the old store is kept.
    pub aside: Option<PathBuf>,
}

impl Restoring<'_> {
    /// Makes the store. `progress` gets the bytes copied and the total.
    ///
    /// # Errors
    /// `Unavailable`, with a public text for the operator: the backup is not one, damaged, or of a later version; the
    /// target is in use, exists and is not to be put aside, or cannot be written. Nothing is changed then, unless the
    /// text says that the restore must be run again.
    pub fn run(&self, progress: &mut dyn FnMut(u64, u64)) -> Result<Restored> {
        let (only, _lock) = claim(self.target)?;
        let there = fs::metadata(&only).ok().filter(|about| about.len() > 0);
        if there.is_some() && self.aside.is_none() {
            let target = self.target.display();
            return Err(refused(format!(
                "there is already a store at {target}; to keep it under another name, add --replace"
            )));
        }
        let mut fresh = Fresh { path: beside(&only, RESTORING), kept: false };
        self.copy(&only, &fresh.path, progress)?;
        let begun = self.begin(&fresh.path)?;
        hand_over(&fresh.path, &only);
        let put = |error: io::Error| cannot(self.target, "put the restored database at", &error);
        File::open(&fresh.path).and_then(|file| file.sync_all()).map_err(put)?;
        fresh.wait(&only).map_err(put)?;
        let aside = self.put_aside(&only, there.is_some()).map_err(put)?;
        // From here on only the new database is complete.
        fresh.kept = true;
        take_place(&only, aside.as_deref()).map_err(put)?;
        Ok(Restored { begun, aside: aside.filter(|_| there.is_some()) })
    }

    fn copy(&self, only: &Path, fresh: &Path, progress: &mut dyn FnMut(u64, u64)) -> Result<()> {
        let read = |error: io::Error| cannot(self.backup, "read the backup", &error);
        let mut backup = File::open(self.backup).map_err(read)?;
        let about = backup.metadata().map_err(read)?;
        let path = self.backup.display();
        if !about.is_file() || about.len() == 0 {
            return Err(refused(format!("{path} is not a backup: it is empty, or not a regular file")));
        }
        let same = |there: fs::Metadata| (there.dev(), there.ino()) == (about.dev(), about.ino());
        if fs::metadata(only).is_ok_and(same) {
            return Err(refused(format!(
                "{path} is the store itself; if a backup was put there, declare it: exeunt restore \
                 --in-place --store sqlite:{path}"
            )));
        }
        let log = beside(self.backup, "-wal");
        if fs::metadata(&log).is_ok_and(|log| log.len() > 0) {
            return Err(refused(format!(
                "{path} is not a backup but a copy of a store, part of which is in {}; put both in place, \
                 then declare it: exeunt restore --in-place --store sqlite:PATH",
                log.display()
            )));
        }
        let write = |error: io::Error| cannot(fresh, "write", &error);
        let mut copy = file::private().truncate(true).open(fresh).map_err(write)?;
        let (mut piece, mut done) = (vec![0; PIECE_BYTES], 0);
        loop {
            let bytes = backup.read(&mut piece).map_err(read)?;
            if bytes == 0 {
                return Ok(());
            }
            copy.write_all(&piece[..bytes]).map_err(write)?;
            done += u64::try_from(bytes).unwrap_or_default();
            progress(done, about.len());
        }
    }

    /// Checks the copy, migrates it, and begins its new incarnation.
    fn begin(&self, fresh: &Path) -> Result<Begun> {
        let explain = |error| explain(self.backup, error);
        let conn = file::alone(self.backup, fresh)?;
        // Only this one file is put in place.
        conn.pragma_update_and_check(None, "journal_mode", "delete", |_| Ok(())).map_err(explain)?;
        let begun = life::begin(&conn, self.beginning).map_err(explain)?;
        conn.close().map_err(|(_, error)| explain(error))?;
        Ok(begun)
    }

    /// Gives the old database a second name. Its WAL is moved beside that name later.
    fn put_aside(&self, only: &Path, there: bool) -> io::Result<Option<PathBuf>> {
        let Some(suffix) = self.aside else { return Ok(None) };
        let aside = beside(only, suffix);
        if there {
            fs::hard_link(only, &aside)?;
        }
        Ok(Some(aside))
    }
}

/// Checks that this file is a complete backup. Returns when it was made.
///
/// # Errors
/// `Unavailable`, with a public text for the operator.
pub fn examine(backup: &Path) -> Result<Moment> {
    let conn = file::sound(backup, backup, OpenFlags::SQLITE_OPEN_READ_ONLY)?;
    let made_at = meta::backup(&conn).map_err(|error| explain(backup, error))?;
    made_at.ok_or_else(|| {
        refused(format!(
            "{} is a store, not a backup; give the file that `exeunt backup` wrote",
            backup.display()
        ))
    })
}

/// Declares that the store at this path was reset to an earlier state, by any means: begins a new incarnation.
///
/// # Errors
/// As [`Restoring::run`]; nothing is changed then.
pub fn declare(target: &Path, beginning: Beginning) -> Result<Begun> {
    let (only, _lock) = claim(target)?;
    if beside(&only, RESTORED).exists() {
        return Err(refused(format!(
            "a restore into {} was interrupted; run the same `exeunt restore` again",
            target.display()
        )));
    }
    if !fs::metadata(&only).is_ok_and(|about| about.len() > 0) {
        return Err(refused(format!("there is no store at {}", target.display())));
    }
    file::must_have_one_name(target, &only)?;
    let explain = |error| explain(target, error);
    let conn = file::alone(target, &only)?;
    let begun = life::begin(&conn, beginning).map_err(explain)?;
    conn.close().map_err(|(_, error)| explain(error))?;
    Ok(begun)
}

/// The canonical path of the store, which may not exist yet, and its lock.
fn claim(target: &Path) -> Result<(PathBuf, Lock)> {
    let failed = |error: io::Error| cannot(target, "reach", &error);
    let folder = file::folder_of(target);
    file::make_folder(folder).map_err(failed)?;
    let only = match (target.canonicalize(), target.file_name()) {
        (Ok(only), _) => only,
        (Err(error), Some(name)) if error.kind() == io::ErrorKind::NotFound && !target.is_symlink() => {
            folder.canonicalize().map_err(failed)?.join(name)
        }
        (Err(error), _) => return Err(failed(error)),
    };
    // A rename would replace a device with the database.
    match fs::metadata(&only) {
        Ok(there) if there.is_dir() => {
            let target = target.display();
            return Err(refused(format!("{target} is a directory; give the file of the database")));
        }
        Ok(there) if !there.is_file() => {
            let target = target.display();
            return Err(refused(format!("{target} is not a regular file; give the file of the database")));
        }
        Ok(_) | Err(_) => {}
    }
    let lock = Lock::take(target, &only)?;
    hand_over(&beside(&only, LOCK), &only);
    Ok((only, lock))
}

/// Changes the owner to that of the existing store, or of its directory: root runs a restore, and the server, which is
/// not root, has to open the result.
fn hand_over(made: &Path, only: &Path) {
    let whose = fs::metadata(only).or_else(|_| fs::metadata(file::folder_of(only)));
    let Ok((whose, made_by)) = whose.and_then(|whose| Ok((whose, fs::metadata(made)?))) else { return };
    if made_by.uid() != whose.uid() {
        // Only root may do this; otherwise `doctor` says what is left to do.
        let _refused = chown(made, Some(whose.uid()), Some(whose.gid()));
    }
}

/// Puts the old WAL aside and the new database in place.
fn take_place(only: &Path, aside: Option<&Path>) -> io::Result<()> {
    let there = |error: io::Error| if error.kind() == io::ErrorKind::NotFound { Ok(()) } else { Err(error) };
    // Beside another database it would be taken for that one's WAL.
    let log = beside(only, "-wal");
    let logged = aside.map_or_else(|| fs::remove_file(&log), |aside| fs::rename(&log, beside(aside, "-wal")));
    logged.or_else(there)?;
    fs::remove_file(beside(only, "-shm")).or_else(there)?;
    sync_folder(file::folder_of(only))?;
    fs::rename(beside(only, RESTORED), only)?;
    sync_folder(file::folder_of(only))
}

/// A new database, removed on drop unless it is kept.
struct Fresh {
    path: PathBuf,
    kept: bool,
}

impl Fresh {
    /// Renames it to wait for its place.
    fn wait(&mut self, only: &Path) -> io::Result<()> {
        let waiting = beside(only, RESTORED);
        fs::rename(&self.path, &waiting)?;
        self.path = waiting;
        sync_folder(file::folder_of(only))
    }
}

impl Drop for Fresh {
    fn drop(&mut self) {
        if !self.kept {
            // The next restore overwrites what is left.
            let _left = fs::remove_file(&self.path);
        }
    }
}
