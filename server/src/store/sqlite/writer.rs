//! The one thread that writes. It takes the queued commands, marks first, runs them in one transaction, and answers no
//! caller before the commit is on disk.
//!
//! Nothing is written before the commit: a failure before it has changed nothing. If the commit fails because a write
//! failed, the same holds once its leftovers in the WAL are cut off ([`tail`]). Every other failed commit has an
//! unknown outcome. Then nothing is written or read until the file was opened again: memory left by a failed fsync is
//! never trusted, and never synced a second time. `docs/decisions/0016` has the proof.

use std::collections::HashSet;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};

use exeunt_core::Stamp;
use rusqlite::hooks::Wal;
use rusqlite::wal::CheckpointMode;
use rusqlite::{Connection, ErrorCode, MAIN_DB, ffi};
use tokio::sync::oneshot;

use super::batch::{Batch, FileEnds, Work};
use super::checkpoint::Checkpoint;
use super::file::{self, beside};
use super::identity::Loss;
use super::queue::{Lane, Queue};
use super::state::{Effects, Leftovers, Shared};
use super::tail::Tail;
use super::{life, load, meta};
use crate::env::Stopwatch;
use crate::error::{Result, Unavailability};
use crate::store::rules::crowds::Crowds;

/// The limit of marks in one transaction.
const MARKS_MAX: usize = 4096;
/// The limit of other commands in one transaction.
const REST_MAX: usize = 128;
/// After this many rows no further command of a lane begins in a transaction: a mark's wait is bounded by work, not by
/// the number of commands. One more command may exceed it.
const FIRST_ROWS_MAX: usize = 4096;
const REST_ROWS_MAX: usize = 1024;

/// A job for the writer.
pub(super) enum WriteJob {
    Work(Box<dyn Work>),
    /// Opens the file again after an unknown outcome.
    Recover(oneshot::Sender<Result<()>>),
    /// Writes out everything, and ends the thread.
    Close(oneshot::Sender<Result<()>>),
}

pub(super) struct Writer {
    shared: Arc<Shared>,
    checkpoint: Arc<Checkpoint>,
    conn: Option<Connection>,
    places: FileEnds,
    crowds: Crowds,
    leftovers: Leftovers,
    log_pages: Arc<AtomicU32>,
    tail: Tail,
    /// The indexes of the commands deferred to the next transaction.
    left: HashSet<usize>,
}

/// Why a transaction was not acknowledged.
enum Failure {
    /// It did not happen.
    Refused(String),
    /// The outcome is unknown, and the connection is not trusted.
    Unknown(String),
    /// It was not begun: the store waits to be opened again.
    Waits,
    /// It happened, in files that are not at their path any more.
    Lost(Loss),
}

/// Commands, each with its lane.
type Works = Vec<(Lane, Box<dyn Work>)>;

impl Writer {
    /// Opens the file and reads the marks in force.
    pub(super) fn open(shared: Arc<Shared>, checkpoint: Arc<Checkpoint>) -> Result<Self> {
        let tail = Tail::new(beside(&shared.options.path, "-wal"));
        let mut writer = Self {
            log_pages: tail.frames(),
            tail,
            shared,
            checkpoint,
            conn: None,
            places: FileEnds::default(),
            crowds: Crowds::default(),
            leftovers: Leftovers::default(),
            left: HashSet::new(),
        };
        writer.load()?;
        Ok(writer)
    }

    /// Runs until the queue is closed.
    pub(super) fn run(mut self, queue: &Queue<WriteJob>) {
        let mut jobs = Vec::new();
        loop {
            queue.take(MARKS_MAX, REST_MAX, &mut jobs);
            if jobs.is_empty() {
                return;
            }
            let mut works = Vec::with_capacity(jobs.len());
            let mut controls = Vec::new();
            for (lane, job) in jobs.drain(..) {
                match job {
                    WriteJob::Work(work) => works.push((lane, work)),
                    control => controls.push(control),
                }
            }
            let left = if works.is_empty() { works } else { self.turn(works) };
            if !left.is_empty() {
                let left = left.into_iter().map(|(lane, work)| (lane, WriteJob::Work(work)));
                // Closing comes after everything queued before it.
                queue.put_back(left.chain(controls.into_iter().map(|control| (Lane::Rest, control))));
                continue;
            }
            for control in controls {
                match control {
                    WriteJob::Recover(to) => drop(to.send(self.recover())),
                    WriteJob::Close(to) => {
                        queue.close();
                        drop(to.send(self.close()));
                    }
                    WriteJob::Work(_) => {}
                }
            }
        }
    }

    /// Runs one transaction. Returns the commands that had no room in it.
    fn turn(&mut self, mut works: Works) -> Works {
        self.left.clear();
        // A panic is our bug; the outcome is then as unknown as after a failed commit.
        let outcome = catch_unwind(AssertUnwindSafe(|| self.commit(&mut works)))
            .unwrap_or_else(|_| Err(Failure::Unknown("the writer panicked".to_owned())));
        let committed = match outcome {
            Ok(effects) => {
                self.shared.commit(&effects);
                self.leftovers.folded.extend(effects.leftovers.folded);
                self.leftovers.forgotten.extend(effects.leftovers.forgotten);
                Ok(())
            }
            Err(failure) => {
                self.crowds.forget();
                Err(self.failed(failure))
            }
        };
        let (mut left, mut number) = (Works::new(), 0);
        for (lane, work) in works {
            if self.left.contains(&number) {
                left.push((lane, work));
            } else {
                work.answer(&committed);
            }
            number += 1;
        }
        self.shared.clear(&mut self.leftovers);
        let pages = self.log_pages.load(Ordering::Relaxed);
        self.shared.log_pages.store(pages, Ordering::Relaxed);
        let healthy = self.conn.as_ref().filter(|_| !self.shared.is_unknown());
        let moved = healthy.map(|conn| self.checkpoint.after_commit(conn, &self.shared, pages));
        if let Some(Err(error)) = moved {
            self.give_up(&error.to_string());
        }
        left
    }

    /// Translates a failure for the callers, and updates the store's health.
    fn failed(&mut self, failure: Failure) -> (Unavailability, String) {
        let (outage, reason) = match failure {
            Failure::Refused(reason) => (Unavailability::Refused, reason),
            Failure::Waits => (Unavailability::Unknown, "the store is waiting to be reopened".to_owned()),
            Failure::Unknown(reason) => {
                self.give_up(&reason);
                (Unavailability::Unknown, reason)
            }
            // The connection is kept: only it can reach what was committed.
            Failure::Lost(loss) => {
                if matches!(loss, Loss::LogOverwritten) {
                    self.conn.iter().for_each(file::forsake);
                }
                (Unavailability::Unknown, self.shared.set_lost(&loss).to_string())
            }
        };
        self.shared.figures.failed(outage);
        (outage, reason)
    }

    /// Stops trusting this connection.
    fn give_up(&mut self, reason: &str) {
        if !self.shared.is_unknown() {
            tracing::error!(reason, "the WAL was truncated, and the store is waiting to be reopened");
        }
        self.shared.set_unknown();
        self.shared.identity.unlearn();
        self.conn.take().iter().for_each(file::forsake);
    }

    fn commit(&mut self, works: &mut Works) -> std::result::Result<Effects, Failure> {
        let unknown = || Failure::Unknown("the store is waiting to be reopened".to_owned());
        match self.shared.check() {
            Err(_) if self.shared.is_unknown() => return Err(Failure::Waits),
            // Closed for good: commands queued after that did not happen.
            Err(error) => return Err(Failure::Refused(error.to_string())),
            Ok(()) => {}
        }
        let conn = self.conn.as_ref().ok_or_else(unknown)?;
        execute(conn, "BEGIN IMMEDIATE").map_err(|error| Failure::Refused(error.to_string()))?;
        let book = self.shared.book();
        let mut batch = Batch {
            conn,
            shared: &self.shared,
            draft: book.draft(),
            places: self.places,
            crowds: &mut self.crowds,
            touched: Vec::new(),
            seen_by: None,
            leftovers: Leftovers::default(),
            rows: 0,
            spoiled: false,
            insert_mark: None,
        };
        let mut spent = [0; 2];
        for (number, (lane, work)) in works.iter_mut().enumerate() {
            let (spent, rows_max) = match lane {
                Lane::First => (&mut spent[0], FIRST_ROWS_MAX),
                Lane::Rest => (&mut spent[1], REST_ROWS_MAX),
            };
            if *spent >= rows_max {
                self.left.insert(number);
                continue;
            }
            let before = batch.rows;
            work.run(&mut batch);
            *spent += 1 + batch.rows - before;
            if batch.is_lost() {
                drop(batch);
                return Err(taken_back(conn));
            }
        }
        let rows = batch.rows;
        let watch = Stopwatch::start();
        self.shared.identity.committing();
        if let Err(error) = execute(conn, "COMMIT") {
            drop(batch);
            return Err(commit_failed(conn, &error, &mut self.tail, &self.shared));
        }
        // What a test has in place of a disk keeps the log elsewhere.
        let in_log = self.tail.committed() || self.shared.options.vfs.is_some();
        self.shared.figures.committed(works.len() - self.left.len(), rows, &watch);
        self.shared.refusing.store(false, Ordering::Relaxed);
        self.shared.identity.check().map_err(Failure::Lost)?;
        if !in_log {
            return Err(Failure::Lost(self.shared.identity.log_is_spoiled()));
        }
        self.shared.identity.committed(self.tail.end().filter(|_| self.shared.options.vfs.is_none()));
        let (effects, places) = batch.into_effects();
        self.places = places;
        Ok(effects)
    }

    /// Opens the file again after an unknown outcome, and reads what was committed. It needs no disk space.
    fn recover(&mut self) -> Result<()> {
        if !self.shared.is_unknown() {
            return self.shared.check();
        }
        match self.shared.identity.check() {
            Err(loss @ (Loss::Overwritten | Loss::LogOverwritten | Loss::Unsure(_))) => {
                return Err(self.shared.set_lost(&loss));
            }
            Err(loss @ (Loss::Moved | Loss::LogReplaced)) => {
                // So that the database is complete, wherever it is now.
                self.save()?;
                return Err(self.shared.set_lost(&loss));
            }
            Err(Loss::LogGone) => self.save()?,
            Ok(()) => {}
        }
        self.shared.identity.unlearn();
        // A connection that was kept has had no failure.
        let is_known = self.conn.take().is_some() || self.tail.cut(self.shared.options.cut).is_ok();
        let shared = self.shared.clone();
        shared.without_reads(|| self.reopen(is_known))
    }

    /// Checkpoints all commits into the database, if the connection is sound: its open WAL has no name any more.
    fn save(&mut self) -> Result<()> {
        let Some(conn) = &self.conn else { return Ok(()) };
        self.shared.identity.committing();
        let moving = self.shared.identity.moving();
        let moved = self.shared.without_reads(|| empty_log(conn));
        drop(moving);
        moved.map_err(|error| file::explain(&self.shared.options.path, error))?;
        self.tail.is_empty();
        Ok(())
    }

    /// Opens the file again, and reads what is new. `is_known`: the WAL ends with the last acknowledged commit, or with
    /// one that is on disk; otherwise all of the WAL is checkpointed first.
    fn reopen(&mut self, is_known: bool) -> Result<()> {
        let shared = self.shared.clone();
        let options = &shared.options;
        let explain = |error| file::explain(&options.path, error);
        let conn = self.watch(file::writer(options)?).map_err(explain)?;
        if !is_known {
            empty_log(&conn).map_err(explain)?;
            self.tail.is_empty();
        }
        let known = shared.position();
        let there = Stamp::from_number(life::last_stamp(&conn).map_err(explain)?);
        if meta::incarnation(&conn, options.incarnation).map_err(explain)? != known.incarnation
            || there < known.stamp
        {
            return Err(shared.set_lost(&Loss::Overwritten));
        }
        let (news, places) =
            load::since(&conn, known.stamp, self.places.progress.own_start).map_err(explain)?;
        self.begin(conn, places);
        shared.catch_up(news);
        Ok(())
    }

    fn load(&mut self) -> Result<()> {
        let shared = self.shared.clone();
        let options = &shared.options;
        let explain = |error| file::explain(&options.path, error);
        let conn = self.watch(file::writer(options)?).map_err(explain)?;
        // An earlier process's WAL is checkpointed, and a new one begins: nothing builds on frames whose fsync may have
        // failed.
        empty_log(&conn).map_err(explain)?;
        self.tail.is_empty();
        let incarnation = meta::incarnation(&conn, options.incarnation).map_err(explain)?;
        let state = load::all(&conn).map_err(explain)?;
        self.begin(conn, state.places);
        shared.load(incarnation, state.book, state.seen);
        Ok(())
    }

    /// Uses this connection from now on.
    fn begin(&mut self, conn: Connection, places: FileEnds) {
        self.conn = Some(conn);
        self.places = places;
        self.crowds = Crowds::default();
        self.leftovers = Leftovers::default();
        // Nothing was committed by this connection yet that could be missing.
        let _in_log = self.tail.committed();
        self.shared.identity.learn();
    }

    /// Updates the length of the WAL after each commit.
    fn watch(&self, mut conn: Connection) -> rusqlite::Result<Connection> {
        let pages = self.log_pages.clone();
        conn.wal_hook(Some(move |_: &mut Wal, count| {
            pages.store(u32::try_from(count).unwrap_or_default(), Ordering::Relaxed);
            Ok(())
        }))?;
        Ok(conn)
    }

    fn close(&mut self) -> Result<()> {
        let conn = self.conn.take();
        let healthy = self.shared.check();
        self.shared.set_closed();
        healthy?;
        let Some(conn) = conn else { return Ok(()) };
        self.shared.identity.unlearn();
        match self.shared.without_reads(|| empty_log(&conn)) {
            // The checkpoint thread is in a long round, or the disk is full. Nothing is lost: the rest of the WAL is
            // checkpointed when the file is opened again.
            Err(error) if error.sqlite_error_code() == Some(ErrorCode::DatabaseBusy) || is_write(&error) => {}
            moved => moved?,
        }
        conn.close().map_err(|(_, error)| error.into())
    }
}

/// The failure of a transaction before its commit: nothing of it was written. Rolls it back if SQLite has not done so.
fn taken_back(conn: &Connection) -> Failure {
    let reason = "the database rolled the transaction back".to_owned();
    if conn.is_autocommit() || execute(conn, "ROLLBACK").is_ok() {
        Failure::Refused(reason)
    } else {
        Failure::Unknown(reason)
    }
}

/// The failure of a commit. If a write failed, no commit mark was published, since all writes come before that. Once
/// their leftovers in the WAL are cut off, the commit has certainly not happened.
fn commit_failed(conn: &Connection, error: &rusqlite::Error, tail: &mut Tail, shared: &Shared) -> Failure {
    let reason = error.to_string();
    if !is_write(error) || !(conn.is_autocommit() || execute(conn, "ROLLBACK").is_ok()) {
        return Failure::Unknown(reason);
    }
    if let Err(error) = tail.cut(shared.options.cut) {
        return Failure::Unknown(format!(
            "{reason}, and what it left in the WAL could not be truncated: {error}"
        ));
    }
    shared.refusing.store(true, Ordering::Relaxed);
    Failure::Refused(reason)
}

/// Checkpoints all of the WAL, and truncates it.
fn empty_log(conn: &Connection) -> rusqlite::Result<()> {
    let moved = conn.wal_checkpoint_v2(Some(MAIN_DB), CheckpointMode::TRUNCATE);
    if moved.as_ref().is_err_and(|error| error.sqlite_error_code() == Some(ErrorCode::SystemIoFailure)) {
        file::forsake(conn);
    }
    moved.map(drop)
}

/// Whether a write failed: the disk is full, a quota or a limit is reached, or the disk is broken.
pub(super) fn is_write(error: &rusqlite::Error) -> bool {
    let code = error.sqlite_error().map(|error| error.extended_code);
    matches!(code, Some(ffi::SQLITE_FULL | ffi::SQLITE_IOERR_WRITE))
}

fn execute(conn: &Connection, sql: &str) -> rusqlite::Result<()> {
    conn.prepare_cached(sql)?.execute([]).map(|_| ())
}
