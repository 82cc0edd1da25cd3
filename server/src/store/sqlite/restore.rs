//! Making a store of a backup, and declaring that a store was put back. Without a server, and safe at every step: what
//! is cut short leaves the store that was there, or one that says that the restore must be run again.
//!
//! The new database is made beside the old one (`.restoring`), gets its new life there, and is on disk before anything
//! else is touched. Then it waits under another name (`.restored`), at the sight of which no server starts, until the
//! old one and its log have been put aside; one rename puts it in its place.

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

pub use super::life::{Beginning, Begun, Kept, STRIDE, USERS_STRIDE};

/// What is added to the name of a database while a restored one is being made.
const RESTORING: &str = ".restoring";
/// Bytes copied at once.
const PIECE_BYTES: usize = 1 << 20;

/// A backup that is to become a store.
pub struct Restoring<'a> {
    /// The backup.
    pub backup: &'a Path,
    /// Where the store is to be.
    pub target: &'a Path,
    /// What is added to the name of a store that is there already, so that it is kept; nothing: then it is refused.
    pub aside: Option<&'a str>,
    /// The life that begins.
    pub beginning: Beginning,
}

/// A backup that has become a store.
#[derive(Debug)]
pub struct Restored {
    /// Its life.
    pub begun: Begun,
    /// Where the store is kept that was there.
    pub aside: Option<PathBuf>,
}

impl Restoring<'_> {
    /// Makes the store. `progress` is told how many bytes of how many are copied.
    ///
    /// # Errors
    /// `Unavailable`, with a public text for the operator: the backup is none, damaged, or of a later version; the
    /// target is in use, is there and is not to be put aside, or cannot be written. Nothing is changed then, but where
    /// the text says that the restore must be run again.
    pub fn run(&self, progress: &mut dyn FnMut(u64, u64)) -> Result<Restored> {
        let (only, _lock) = claim(self.target)?;
        let there = fs::metadata(&only).ok().filter(|about| about.len() > 0);
        if there.is_some() && self.aside.is_none() {
            let target = self.target.display();
            return Err(refused(format!(
                "there is a store at {target}; with --replace it is kept under another name"
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
        // From here on only the new one is whole.
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
            return Err(refused(format!("{path} is no backup: it is empty, or no file at all")));
        }
        let same = |there: fs::Metadata| (there.dev(), there.ino()) == (about.dev(), about.ino());
        if fs::metadata(only).is_ok_and(same) {
            return Err(refused(format!(
                "{path} is the store itself; if it was put back there, declare that: exeunt restore --in-place --store \
                 sqlite:{path}"
            )));
        }
        let log = beside(self.backup, "-wal");
        if fs::metadata(&log).is_ok_and(|log| log.len() > 0) {
            return Err(refused(format!(
                "{path} is no backup but a copy of a store, part of which is in {}: put both in place, then declare it: \
                 exeunt restore --in-place --store sqlite:PATH",
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

    /// Checks the copy, brings it up to date, and begins its new life.
    fn begin(&self, fresh: &Path) -> Result<Begun> {
        let explain = |error| explain(self.backup, error);
        let conn = file::alone(self.backup, fresh)?;
        // Its one file is all that is put in place.
        conn.pragma_update_and_check(None, "journal_mode", "delete", |_| Ok(())).map_err(explain)?;
        let begun = life::begin(&conn, self.beginning).map_err(explain)?;
        conn.close().map_err(|(_, error)| explain(error))?;
        Ok(begun)
    }

    /// Gives the old database a second name, under which its log comes to lie beside it.
    fn put_aside(&self, only: &Path, there: bool) -> io::Result<Option<PathBuf>> {
        let Some(suffix) = self.aside else { return Ok(None) };
        let aside = beside(only, suffix);
        if there {
            fs::hard_link(only, &aside)?;
        }
        Ok(Some(aside))
    }
}

/// Sees that this file is a whole backup; when it was made.
///
/// # Errors
/// `Unavailable`, with a public text for the operator.
pub fn examine(backup: &Path) -> Result<Moment> {
    let conn = file::sound(backup, backup, OpenFlags::SQLITE_OPEN_READ_ONLY)?;
    let made_at = meta::backup(&conn).map_err(|error| explain(backup, error))?;
    made_at.ok_or_else(|| refused(format!("{} is a store, and no backup of one", backup.display())))
}

/// Declares that the store at this path was put back to an earlier state, by whatever means: it begins a new life.
///
/// # Errors
/// As [`Restoring::run`]; nothing is changed then.
pub fn declare(target: &Path, beginning: Beginning) -> Result<Begun> {
    let (only, _lock) = claim(target)?;
    if beside(&only, RESTORED).exists() {
        return Err(refused(format!(
            "a restore into {} was cut short; run the same `exeunt restore` again",
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

/// The one name of the store that is, or is to be, at this path, and its lock.
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
    // In the place of a device a rename would put the database all the same.
    match fs::metadata(&only) {
        Ok(there) if there.is_dir() => {
            let target = target.display();
            return Err(refused(format!("{target} is a directory; name the file of the database")));
        }
        Ok(there) if !there.is_file() => {
            let target = target.display();
            return Err(refused(format!("{target} is no file; name the file of the database")));
        }
        Ok(_) | Err(_) => {}
    }
    let lock = Lock::take(target, &only)?;
    hand_over(&beside(&only, LOCK), &only);
    Ok((only, lock))
}

/// Gives what was made to the owner of the store that is there, or else of its folder: a restore is typed by root, and
/// the server, which is not root, has to open it.
fn hand_over(made: &Path, only: &Path) {
    let whose = fs::metadata(only).or_else(|_| fs::metadata(file::folder_of(only)));
    let Ok((whose, made_by)) = whose.and_then(|whose| Ok((whose, fs::metadata(made)?))) else { return };
    if made_by.uid() != whose.uid() {
        // Nobody but root may; what is left to do then, `doctor` tells.
        let _refused = chown(made, Some(whose.uid()), Some(whose.gid()));
    }
}

/// Puts the old log aside and the new database in its place.
fn take_place(only: &Path, aside: Option<&Path>) -> io::Result<()> {
    let there = |error: io::Error| if error.kind() == io::ErrorKind::NotFound { Ok(()) } else { Err(error) };
    // Beside another database it would be taken for that one's.
    let log = beside(only, "-wal");
    let logged = aside.map_or_else(|| fs::remove_file(&log), |aside| fs::rename(&log, beside(aside, "-wal")));
    logged.or_else(there)?;
    fs::remove_file(beside(only, "-shm")).or_else(there)?;
    sync_folder(file::folder_of(only))?;
    fs::rename(beside(only, RESTORED), only)?;
    sync_folder(file::folder_of(only))
}

/// A new database that is removed again unless it is kept.
struct Fresh {
    path: PathBuf,
    kept: bool,
}

impl Fresh {
    /// Lets it wait to take its place.
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
            // What is left behind is overwritten by the next restore.
            let _left = fs::remove_file(&self.path);
        }
    }
}
