//! Checkpoints the WAL into the file in a thread of its own, so that no commit waits for it.
//!
//! While commits continue, the thread never quite catches up, and the WAL would grow without end. So after each of its
//! rounds the writer itself moves the small rest, and the WAL restarts. If readers block that repeatedly, they have to
//! wait once the WAL reaches [`WAL_PAGES_MAX`].

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

/// The limit of pages (of 4 KiB) in the WAL.
const WAL_PAGES_MAX: u32 = 40_000;
/// The limit while a backup reads an earlier state: 1.6 GB. Beyond it the backup gives up.
const WAL_PAGES_HELD_MAX: u32 = 400_000;
/// How long the writer waits for the thread to finish a round when the WAL is too long.
const WAIT: Duration = Duration::from_secs(5);
/// Seconds until the next round after a failed one, as on a full disk: each copies a lot before it fails.
const RETRY_SECS: f64 = 1.0;
/// At most one log line about failed rounds in this many seconds.
const LOGGED_SECS: f64 = 60.0;

#[derive(Default)]
pub(super) struct Checkpoint {
    phase: Mutex<Phase>,
    wake: Condvar,
    /// A round is done, and only a little is left in the WAL.
    nearly: AtomicBool,
    held: AtomicBool,
    give_way: AtomicBool,
    failures: Mutex<Failures>,
}

/// Failed rounds.
#[derive(Default)]
struct Failures {
    last: Option<Stopwatch>,
    logged: Option<Stopwatch>,
}

/// While this exists, the WAL does not restart: a backup reads an earlier state for a long time.
pub(super) struct Hold<'a>(&'a Checkpoint);

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
enum Phase {
    #[default]
    Idle,
    Due,
    Running,
    Closed,
}

impl Checkpoint {
    /// The thread: checkpoints whenever the writer asks for it.
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
                // The pages are still in the WAL. A failed fsync is not retried on this handle.
                Err(error) => self.failed(&error),
            }
            self.finish();
        }
    }

    /// One round, unless another one is running. Returns the connection if it is sound, and whether pages were moved.
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

    /// The writer's part, called after a commit and outside a transaction.
    pub(super) fn after_commit(&self, conn: &Connection, shared: &Shared, pages: u32) -> Result<()> {
        if pages < shared.options.log_pages || self.has_just_failed() {
            return Ok(());
        }
        if self.held.load(Ordering::SeqCst) {
            // No commit waits for it: the holder lets go soon, and then checkpoints the WAL.
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

    /// Suspends restarts of the WAL.
    pub(super) fn hold(&self) -> Hold<'_> {
        self.give_way.store(false, Ordering::SeqCst);
        self.held.store(true, Ordering::SeqCst);
        Hold(self)
    }

    /// Ends the thread.
    pub(super) fn close(&self) {
        *self.phase.hold() = Phase::Closed;
        self.wake.notify_all();
    }

    /// Checkpoints all of the WAL, so that the next commit restarts it. If a reader blocks that, or the disk is full,
    /// the writer tries again after the next round.
    fn restart(&self, conn: &Connection, shared: &Shared, wait: Duration) -> Result<()> {
        conn.busy_timeout(wait)?;
        let moving = shared.identity.moving();
        let round = conn.wal_checkpoint_v2(Some(MAIN_DB), CheckpointMode::RESTART);
        drop(moving);
        conn.busy_timeout(file::BUSY)?;
        match round {
            Err(error) if is_write(&error) => {
                // The commits are in the WAL and stay there.
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
            tracing::error!(%error, private = error.private(), "the WAL could not be checkpointed");
        }
    }

    fn ask(&self) {
        let mut phase = self.phase.hold();
        if *phase == Phase::Idle {
            *phase = Phase::Due;
            self.wake.notify_one();
        }
    }

    /// Waits for a request; `false`: the thread ends.
    fn wait(&self) -> bool {
        let mut phase = self.phase.hold();
        while *phase == Phase::Idle {
            phase = lock::wait(&self.wake, phase);
        }
        if *phase == Phase::Due {
            *phase = Phase::Running;
        }
        *phase == Phase::Running
    }

    fn finish(&self) {
        let mut phase = self.phase.hold();
        if *phase == Phase::Running {
            *phase = Phase::Idle;
        }
    }
}

impl Hold<'_> {
    /// Whether the WAL has become too long to continue.
    pub(super) fn must_give_way(&self) -> bool {
        self.0.give_way.load(Ordering::SeqCst)
    }

    /// Checkpoints after the hold, so that little is left for the writer. The backup has finished reading.
    pub(super) fn catch_up(&self, shared: &Shared) {
        // Only the writer handles what a failed fsync has left.
        if shared.check().is_err() {
            return;
        }
        let _moving = shared.identity.moving();
        let moved = file::checkpointer(&shared.options)
            .and_then(|conn| Ok(conn.wal_checkpoint_v2(Some(MAIN_DB), CheckpointMode::PASSIVE)?));
        if let Err(error) = moved {
            tracing::warn!(%error, "the WAL could not be checkpointed after a backup");
        }
    }
}

impl Drop for Hold<'_> {
    fn drop(&mut self) {
        self.0.held.store(false, Ordering::SeqCst);
    }
}
