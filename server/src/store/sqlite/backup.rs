//! Copies the store while it is written, in a thread of its own.
//!
//! All pages are read as of one moment, in one long transaction. Meanwhile the writer continues and the WAL grows: so
//! the copy goes to the disk beside the database, not at the caller's pace, and gives up when the WAL is too long.

use std::fs::{self, File};
use std::io::{self, Read};
use std::path::{Path, PathBuf};
use std::sync::{Arc, Condvar, Mutex, PoisonError};
use std::time::Duration;

use exeunt_core::Moment;
use rusqlite::Connection;
use rusqlite::backup::{Backup as Copying, StepResult};
use sha2::{Digest, Sha256};
use tokio::sync::oneshot;

use super::SqliteStore;
use super::checkpoint::{Checkpoint, Hold};
use super::disk::free_bytes;
use super::file::{self, beside, cannot, explain, refused};
use super::state::Shared;
use crate::error::{Error, Kind, Result, Unavailability};
use crate::lock::Exclusive as _;
use crate::store::Backup;
use crate::store::backup::One;

/// The suffix of the copy.
const COPY: &str = ".backup";
/// The suffix of what a killed restore leaves behind.
const RESTORING: &str = ".restoring";
/// Pages copied per step: 1 MiB.
const STEP_PAGES: i32 = 256;
/// Bytes read at once.
const PIECE_BYTES: usize = 1 << 20;
/// The pause after each step, so that commits get the disk and checks the processors: at most 250 MiB a second.
const REST: Duration = Duration::from_millis(4);
/// The copy is synced every this many steps: a large sync would delay a commit.
const STEPS_PER_SYNC: u32 = 16;
/// Disk space that a copy leaves free, in bytes: the store needs it itself.
const LEFT_BYTES: u64 = 16 << 20;

/// Pauses between the steps of a copy, until the store is closed.
#[derive(Default)]
pub(super) struct Pause {
    over: Mutex<bool>,
    ended: Condvar,
}

impl SqliteStore {
    /// A copy of everything, as of a moment between the call and its answer.
    pub(super) async fn copy(&self, made_at: Moment, one: One) -> Result<Backup> {
        let (to, answer) = oneshot::channel();
        let job = BackupJob {
            shared: self.shared.clone(),
            checkpoint: self.checkpoint.clone(),
            pause: self.pause.clone(),
            path: beside(&self.shared.options.path, COPY),
            made_at,
        };
        self.spawn("store-backup", move || {
            let made = job.run(&|| !to.is_closed());
            // Before the next backup may begin. The open file stays readable.
            remove(&job.path);
            let made = made.map(|(file, bytes, sha256)| Backup::new(file, bytes, sha256, one));
            // The caller may have gone away.
            let _gone = to.send(made);
        })?;
        answer.await.map_err(|_| Error::internal("the backup thread ended without a result"))?
    }
}

struct BackupJob {
    shared: Arc<Shared>,
    checkpoint: Arc<Checkpoint>,
    pause: Arc<Pause>,
    path: PathBuf,
    made_at: Moment,
}

impl BackupJob {
    fn run(&self, asked: &dyn Fn() -> bool) -> Result<(File, u64, [u8; 32])> {
        let written = |error: io::Error| cannot(&self.path, "write the copy", &error);
        remove(&self.path);
        let copy = file::private().create_new(true).open(&self.path).map_err(written)?;
        self.copy_pages(&copy, asked)?;
        self.finish().map_err(|error| explain(&self.path, error))?;
        copy.sync_all().map_err(written)?;
        let (bytes, sha256) = self.digest(asked)?;
        let file = File::open(&self.path).map_err(written)?;
        Ok((file, bytes, sha256))
    }

    fn copy_pages(&self, copy: &File, asked: &dyn Fn() -> bool) -> Result<()> {
        let hold = self.checkpoint.hold();
        let copied = self.copy_moment(copy, &hold, asked);
        hold.catch_up(&self.shared);
        copied
    }

    /// Copies all pages as of the moment at which this begins.
    fn copy_moment(&self, copy: &File, hold: &Hold<'_>, asked: &dyn Fn() -> bool) -> Result<()> {
        let here = |error| explain(&self.shared.options.path, error);
        let there = |error| explain(&self.path, error);
        let from = file::reader(&self.shared.options)?;
        let mut to = Connection::open(&self.path).map_err(there)?;
        // An incomplete copy is thrown away.
        to.pragma_update_and_check(None, "journal_mode", "off", |_| Ok(())).map_err(there)?;
        to.pragma_update(None, "synchronous", "off").map_err(there)?;
        let moment = from.unchecked_transaction().map_err(here)?;
        // The first page read fixes the moment.
        let pages: u64 = moment.pragma_query_value(None, "page_count", |row| row.get(0)).map_err(here)?;
        let page_bytes: u64 = moment.pragma_query_value(None, "page_size", |row| row.get(0)).map_err(here)?;
        self.must_fit(copy, pages.saturating_mul(page_bytes))?;
        let copying = Copying::new(&from, &mut to).map_err(there)?;
        let mut steps = 0_u32;
        while copying.step(STEP_PAGES).map_err(there)? != StepResult::Done {
            steps += 1;
            if steps.is_multiple_of(STEPS_PER_SYNC) {
                copy.sync_data().map_err(|error| cannot(&self.path, "write the copy", &error))?;
            }
            self.may_go_on(hold, asked)?;
        }
        drop(copying);
        moment.finish().map_err(here)?;
        to.close().map_err(|(_, error)| there(error))
    }

    /// Marks the copy as a backup, which can only be restored, and makes it a single file.
    fn finish(&self) -> rusqlite::Result<()> {
        let copy = Connection::open(&self.path)?;
        copy.pragma_update_and_check(None, "journal_mode", "memory", |_| Ok(()))?;
        copy.pragma_update(None, "synchronous", "off")?;
        copy.execute("INSERT OR REPLACE INTO meta VALUES ('backup', ?)", [self.made_at.millis()])?;
        copy.close().map_err(|(_, error)| error)
    }

    fn digest(&self, asked: &dyn Fn() -> bool) -> Result<(u64, [u8; 32])> {
        let read = |error: io::Error| cannot(&self.path, "read the copy", &error);
        let mut file = File::open(&self.path).map_err(read)?;
        let (mut digest, mut piece, mut bytes) = (Sha256::new(), vec![0; PIECE_BYTES], 0);
        loop {
            let count = file.read(&mut piece).map_err(read)?;
            if count == 0 {
                return Ok((bytes, digest.finalize().into()));
            }
            digest.update(&piece[..count]);
            bytes += u64::try_from(count).unwrap_or_default();
            self.may_rest(asked)?;
        }
    }

    /// Fails if the copy would take the space that logouts need on the database's disk.
    fn must_fit(&self, copy: &File, bytes: u64) -> Result<()> {
        let Some(free) = free_bytes(copy) else { return Ok(()) };
        if free >= bytes.saturating_add(LEFT_BYTES) {
            return Ok(());
        }
        Err(refused(format!(
            "the disk is too full for a backup: the copy beside the database needs {} MiB and must leave {} \
             MiB free, but only {} MiB are free; free some space on the disk of {}",
            mebibytes(bytes),
            mebibytes(LEFT_BYTES),
            free >> 20,
            self.shared.options.path.display()
        )))
    }

    fn may_go_on(&self, hold: &Hold<'_>, asked: &dyn Fn() -> bool) -> Result<()> {
        self.may_rest(asked)?;
        if hold.must_give_way() {
            let text = "too much was written during the backup, so it was stopped; try again at a quieter \
                        time";
            return Err(Error::new(Kind::Unavailable(Unavailability::Busy), text));
        }
        self.shared.check()
    }

    fn may_rest(&self, asked: &dyn Fn() -> bool) -> Result<()> {
        if self.pause.rest() && asked() {
            return Ok(());
        }
        Err(Error::unavailable(Unavailability::Refused).because("the backup was cancelled"))
    }
}

impl Pause {
    /// Pauses; `false`: the store is being closed.
    fn rest(&self) -> bool {
        let over = self.over.hold();
        let (over, _) =
            self.ended.wait_timeout_while(over, REST, |over| !*over).unwrap_or_else(PoisonError::into_inner);
        !*over
    }

    /// Ends all pauses.
    pub(super) fn end(&self) {
        *self.over.hold() = true;
        self.ended.notify_all();
    }
}

/// Removes what a killed process left beside the database at this path, whose lock is held.
pub(super) fn tidy(path: &Path) {
    [COPY, RESTORING].iter().for_each(|suffix| remove(&beside(path, suffix)));
}

fn remove(copy: &Path) {
    for suffix in ["", "-wal", "-shm", "-journal"] {
        // Usually there is none; a file that cannot be removed makes the next backup fail and say so.
        let _none = fs::remove_file(beside(copy, suffix));
    }
}

fn mebibytes(bytes: u64) -> u64 {
    bytes.div_ceil(1 << 20)
}
