//! Moving the log beside the file into the file, in a thread of its own, so that no commit waits for it.
//!
//! While commits go on, the thread never quite catches up, and the log would grow without end. So after each of its
//! rounds the writer itself moves the little that is left, and the log begins anew. If readers are in the way again
//! and again, [`WAL_PAGES_MAX`] is where they have to wait.

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Condvar, Mutex};
use std::time::Duration;

use rusqlite::wal::CheckpointMode;
use rusqlite::{Connection, ErrorCode, MAIN_DB, Result};

use super::file;
use super::state::Shared;
use super::writer::is_write;
use crate::env::Stopwatch;
use crate::error::Error;
use crate::lock;
use crate::lock::Exclusive as _;

/// Pages (of 4 KiB) in the log at most.
const WAL_PAGES_MAX: u32 = 40_000;
/// The same while a backup holds on to an earlier state: 1.6 GB. Beyond it the backup has to give way.
const WAL_PAGES_HELD_MAX: u32 = 400_000;
/// How long the writer waits for the checkpoint's thread to finish a round when the log has become too long.
const WAIT: Duration = Duration::from_secs(5);
/// Seconds before the next round after one that failed, as on a full disk: each copies a lot before it fails.
const RETRY_SECS: f64 = 1.0;
/// Seconds between two lines of the log that tell of failed rounds.
const LOGGED_SECS: f64 = 60.0;

#[derive(Default)]
pub(super) struct Checkpoint {
    task: Mutex<Task>,
    wake: Condvar,
    /// A round is done, and only a little is left in the log.
    nearly: AtomicBool,
    held: AtomicBool,
    give_way: AtomicBool,
    failures: Mutex<Failures>,
}

/// Rounds that failed.
#[derive(Default)]
struct Failures {
    last: Option<Stopwatch>,
    logged: Option<Stopwatch>,
}

/// While this is there, the log is not begun anew: somebody reads an earlier state for longer than others.
pub(super) struct Hold<'a>(&'a Checkpoint);

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
enum Task {
    #[default]
    Idle,
    Due,
    Running,
    Closed,
}

impl Checkpoint {
    /// The thread: moves what there is whenever the writer asks for it.
    pub(super) fn run(&self, shared: &Shared) {
        let mut conn: Option<(u64, Connection)> = None;
        while self.wait() {
            let life = shared.life.load(Ordering::SeqCst);
            if shared.is_unknown() || conn.as_ref().is_some_and(|(of, _)| *of != life) {
                conn = None;
            }
            let opened = match conn.take() {
                Some((_, conn)) => Ok(conn),
                None => file::checkpointer(&shared.options),
            };
            match opened.and_then(|conn| Self::round(conn, shared)) {
                Ok((used, moved)) => {
                    conn = Some((life, used));
                    self.nearly.fetch_or(moved, Ordering::SeqCst);
                }
                // The pages are still in the log. A failed fsync is not tried again on this handle.
                Err(error) => self.failed(&error),
            }
            self.finish();
        }
    }

    /// Moves what there is, unless somebody else does so just now; the connection, if it is still sound, and whether it has.
    fn round(conn: Connection, shared: &Shared) -> crate::error::Result<(Connection, bool)> {
        let watch = Stopwatch::start();
        let moving = shared.identity.moving();
        let moved = conn.wal_checkpoint_v2(Some(MAIN_DB), CheckpointMode::PASSIVE);
        drop(moving);
        if let Err(error) = moved {
            if error.sqlite_error_code() == Some(ErrorCode::DatabaseBusy) {
                return Ok((conn, false));
            }
            file::forsake(&conn);
            return Err(file::explain(&shared.options.path, error));
        }
        shared.figures.checkpoint_secs.observe(watch.secs());
        Ok((conn, true))
    }

    /// The writer's part: after a commit, outside a transaction.
    pub(super) fn after_commit(&self, conn: &Connection, shared: &Shared, pages: u32) -> Result<()> {
        if pages < shared.options.log_pages || self.has_just_failed() {
            return Ok(());
        }
        if self.held.load(Ordering::SeqCst) {
            // No commit waits for it: whoever holds it lets go soon, and moves what has gathered.
            self.give_way.store(pages >= WAL_PAGES_HELD_MAX, Ordering::SeqCst);
            if pages < 2 * WAL_PAGES_HELD_MAX {
                return Ok(());
            }
        }
        if pages >= WAL_PAGES_MAX {
            return shared.without_reads(|| self.restart(conn, shared, WAIT));
        }
        if self.nearly.swap(false, Ordering::SeqCst) {
            return self.restart(conn, shared, Duration::ZERO);
        }
        self.ask();
        Ok(())
    }

    /// Leaves the log alone for a while.
    pub(super) fn hold(&self) -> Hold<'_> {
        self.give_way.store(false, Ordering::SeqCst);
        self.held.store(true, Ordering::SeqCst);
        Hold(self)
    }

    /// Ends the thread.
    pub(super) fn close(&self) {
        *self.task.hold() = Task::Closed;
        self.wake.notify_all();
    }

    /// Moves all that is left, so that the next commit begins the log anew. If somebody is in the way, or the disk is full,
    /// it is tried again after the next round.
    fn restart(&self, conn: &Connection, shared: &Shared, wait: Duration) -> Result<()> {
        conn.busy_timeout(wait)?;
        let moving = shared.identity.moving();
        let round = conn.wal_checkpoint_v2(Some(MAIN_DB), CheckpointMode::RESTART);
        drop(moving);
        conn.busy_timeout(file::BUSY)?;
        match round {
            Err(error) if is_write(&error) => {
                // What is committed is in the log, and stays there.
                self.failed(&file::explain(&shared.options.path, error));
                Ok(())
            }
            Err(error) if error.sqlite_error_code() != Some(ErrorCode::DatabaseBusy) => Err(error),
            _ => Ok(()),
        }
    }

    fn has_just_failed(&self) -> bool {
        let failures = self.failures.hold();
        failures.last.as_ref().is_some_and(|last| last.secs() < RETRY_SECS)
    }

    fn failed(&self, error: &Error) {
        let mut failures = self.failures.hold();
        failures.last = Some(Stopwatch::start());
        if failures.logged.as_ref().is_none_or(|logged| logged.secs() >= LOGGED_SECS) {
            failures.logged = Some(Stopwatch::start());
            tracing::error!(%error, private = error.private(), "the log could not be moved into the database");
        }
    }

    fn ask(&self) {
        let mut task = self.task.hold();
        if *task == Task::Idle {
            *task = Task::Due;
            self.wake.notify_one();
        }
    }

    /// Waits until there is something to do; `false`: never again.
    fn wait(&self) -> bool {
        let mut task = self.task.hold();
        while *task == Task::Idle {
            task = lock::wait(&self.wake, task);
        }
        if *task == Task::Due {
            *task = Task::Running;
        }
        *task == Task::Running
    }

    fn finish(&self) {
        let mut task = self.task.hold();
        if *task == Task::Running {
            *task = Task::Idle;
        }
    }
}

impl Hold<'_> {
    /// Whether the log has become too long to go on.
    pub(super) fn must_give_way(&self) -> bool {
        self.0.give_way.load(Ordering::SeqCst)
    }

    /// Moves what has gathered, so that little is left for the writer. Nobody holds on to an earlier state any more.
    pub(super) fn catch_up(&self, shared: &Shared) {
        // What a failed fsync has left is the writer's business alone.
        if shared.check().is_err() {
            return;
        }
        let _moving = shared.identity.moving();
        let moved = file::checkpointer(&shared.options)
            .and_then(|conn| Ok(conn.wal_checkpoint_v2(Some(MAIN_DB), CheckpointMode::PASSIVE)?));
        if let Err(error) = moved {
            tracing::warn!(%error, "the log could not be moved into the database after a backup");
        }
    }
}

impl Drop for Hold<'_> {
    fn drop(&mut self) {
        self.0.held.store(false, Ordering::SeqCst);
    }
}
