//! The one thread that writes. It takes whatever has queued up, marks first, runs it in one transaction, and answers
//! nobody before the commit is on disk.
//!
//! A commit that fails leaves open whether it happened. Then nothing more is written or read until the file was
//! opened again: what a failed fsync has left in memory is never trusted, and never synced a second time.

use std::collections::{HashMap, HashSet};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};

use exeunt_core::{Marks, Moment, Stamp};
use rusqlite::hooks::Wal;
use rusqlite::wal::CheckpointMode;
use rusqlite::{Connection, ErrorCode, MAIN_DB};
use tokio::sync::oneshot;

use super::batch::{Batch, Places, Work};
use super::checkpoint::Checkpoint;
use super::crowds::Crowds;
use super::encode::{KIND_SESSION, MARK, mark, moment};
use super::queue::{Lane, Queue};
use super::state::{Effects, Leftovers, Shared};
use super::{ahead, file, life, meta};
use crate::env::Stopwatch;
use crate::error::{Outage, Result};
use crate::store::book::Book;

/// Marks in one transaction at most.
const MARKS_MAX: usize = 4096;
/// Other commands in one transaction at most.
const REST_MAX: usize = 128;
/// Rows after which no further command of a lane begins in a transaction: what a mark has to wait for is bounded by work,
/// and not by how many asked for it. One more command may come on top.
const FIRST_ROWS_MAX: usize = 4096;
const REST_ROWS_MAX: usize = 1024;

/// What waits for the writer.
pub(super) enum Job {
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
    places: Places,
    crowds: Crowds,
    leftovers: Leftovers,
    wal_pages: Arc<AtomicU32>,
    /// The numbers of the commands that wait for the next transaction.
    left: HashSet<usize>,
}

/// Commands, each with the lane that it waited in.
type Works = Vec<(Lane, Box<dyn Work>)>;

impl Writer {
    /// Opens the file and reads what is in force.
    pub(super) fn open(shared: Arc<Shared>, checkpoint: Arc<Checkpoint>) -> Result<Self> {
        let mut writer = Self {
            shared,
            checkpoint,
            conn: None,
            places: Places::default(),
            crowds: Crowds::default(),
            leftovers: Leftovers::default(),
            wal_pages: Arc::default(),
            left: HashSet::new(),
        };
        writer.load()?;
        Ok(writer)
    }

    /// Works until the queue is closed.
    pub(super) fn run(mut self, queue: &Queue<Job>) {
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
                    Job::Work(work) => works.push((lane, work)),
                    control => controls.push(control),
                }
            }
            let left = if works.is_empty() { works } else { self.turn(works) };
            if !left.is_empty() {
                let left = left.into_iter().map(|(lane, work)| (lane, Job::Work(work)));
                // Closing comes after what was asked for before it.
                queue.put_back(left.chain(controls.into_iter().map(|control| (Lane::Rest, control))));
                continue;
            }
            for control in controls {
                match control {
                    Job::Recover(to) => drop(to.send(self.recover())),
                    Job::Close(to) => {
                        queue.close();
                        drop(to.send(self.close()));
                    }
                    Job::Work(_) => {}
                }
            }
        }
    }

    /// One transaction; what there was no room for in it.
    fn turn(&mut self, mut works: Works) -> Works {
        self.left.clear();
        // A panic in the middle is a fault of ours; whether it happened is then as unknown as after a failed commit.
        let outcome = catch_unwind(AssertUnwindSafe(|| self.commit(&mut works)))
            .unwrap_or_else(|_| Err((Outage::Unknown, "the writer panicked".to_owned())));
        let committed = match outcome {
            Ok(effects) => {
                self.shared.commit(&effects);
                self.leftovers.folded.extend(effects.leftovers.folded);
                self.leftovers.forgotten.extend(effects.leftovers.forgotten);
                Ok(())
            }
            Err((outage, reason)) => {
                self.crowds.forget();
                self.shared.figures.failed(outage);
                if outage == Outage::Unknown {
                    self.give_up(&reason);
                }
                Err((outage, reason))
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
        let pages = self.wal_pages.load(Ordering::Relaxed);
        self.shared.log_pages.store(pages, Ordering::Relaxed);
        let moved = self.conn.as_ref().map(|conn| self.checkpoint.after_commit(conn, &self.shared, pages));
        if let Some(Err(error)) = moved {
            self.give_up(&error.to_string());
        }
        left
    }

    /// Trusts nothing that this connection says from now on.
    fn give_up(&mut self, reason: &str) {
        tracing::error!(reason, "the store was cut short and waits to be opened again");
        self.shared.set_unknown();
        self.conn = None;
    }

    fn commit(&mut self, works: &mut Works) -> std::result::Result<Effects, (Outage, String)> {
        let unknown = || (Outage::Unknown, "the store waits to be opened again".to_owned());
        match self.shared.check() {
            Err(_) if self.shared.is_unknown() => return Err(unknown()),
            // Closed for good: what queued up behind that did not happen.
            Err(error) => return Err((Outage::Refused, error.to_string())),
            Ok(()) => {}
        }
        let conn = self.conn.as_ref().ok_or_else(unknown)?;
        let refused = |error: rusqlite::Error| (Outage::Refused, error.to_string());
        execute(conn, "BEGIN IMMEDIATE").map_err(refused)?;
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
                // What is not rolled back yet is so when the connection is given up.
                let outage = if conn.is_autocommit() { Outage::Refused } else { Outage::Unknown };
                return Err((outage, "the database gave up the transaction".to_owned()));
            }
        }
        let watch = Stopwatch::start();
        execute(conn, "COMMIT").map_err(|error| (Outage::Unknown, error.to_string()))?;
        self.shared.figures.committed(works.len() - self.left.len(), batch.rows, &watch);
        let (effects, places) = batch.into_effects();
        self.places = places;
        Ok(effects)
    }

    /// Opens the file again, if the last commit was cut short, and finds out what is in it.
    fn recover(&mut self) -> Result<()> {
        if !self.shared.is_unknown() {
            return self.shared.check();
        }
        self.conn = None;
        self.load()
    }

    fn load(&mut self) -> Result<()> {
        let options = &self.shared.options;
        let explain = |error| file::explain(&options.path, error);
        let conn = file::writer(options)?;
        // What an earlier life has left in the log beside the file is written to the file, and the log begun anew:
        // nothing is built on frames whose fsync may have failed.
        let moved = || conn.wal_checkpoint_v2(Some(MAIN_DB), CheckpointMode::TRUNCATE);
        self.shared.without_reads(moved).map_err(explain)?;
        let incarnation = meta::incarnation(&conn, options.incarnation).map_err(explain)?;
        let state = load(&conn).map_err(explain)?;
        self.conn = Some(self.watch(conn).map_err(explain)?);
        self.places = state.places;
        self.crowds = Crowds::default();
        self.leftovers = Leftovers::default();
        self.shared.load(incarnation, state.book, state.seen);
        Ok(())
    }

    /// Learns after each commit how long the log beside the file has become.
    fn watch(&self, mut conn: Connection) -> rusqlite::Result<Connection> {
        let pages = self.wal_pages.clone();
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
        let moved =
            self.shared.without_reads(|| conn.wal_checkpoint_v2(Some(MAIN_DB), CheckpointMode::TRUNCATE));
        match moved {
            // The thread of the checkpoint is in the middle of a long round. Nothing is lost: what is left in the log
            // is moved when the file is opened again.
            Err(error) if error.sqlite_error_code() == Some(ErrorCode::DatabaseBusy) => {}
            moved => drop(moved?),
        }
        conn.close().map_err(|(_, error)| error.into())
    }
}

struct State {
    book: Book,
    places: Places,
    seen: HashMap<u64, Moment>,
}

fn load(conn: &Connection) -> rusqlite::Result<State> {
    let log_start = meta::number(conn, "log_start")?;
    let own_start = meta::number(conn, "own_start")?;
    let last = life::last_stamp(conn)?;
    let issued: u64 = conn.query_row("SELECT coalesce(max(place), 0) FROM sessions", [], |row| row.get(0))?;
    let mut marks = Marks::new();
    let pulled = format!("SELECT {MARK}, max(stamp) FROM marks WHERE kind < 3 GROUP BY kind, anchor");
    let own = format!("SELECT {MARK} FROM marks WHERE kind = {KIND_SESSION} AND stamp >= {own_start}");
    for sql in [pulled, own] {
        let mut statement = conn.prepare(&sql)?;
        let mut rows = statement.query([])?;
        while let Some(row) = rows.next()? {
            marks.raise(&mark(row)?);
        }
    }
    let mut seen = HashMap::new();
    let mut touches = conn.prepare("SELECT place, max(at) FROM touches GROUP BY place")?;
    let mut rows = touches.query([])?;
    while let Some(row) = rows.next()? {
        seen.insert(row.get(0)?, moment(row, 1)?);
    }
    Ok(State {
        book: Book::new(marks, Stamp::from_number(last)),
        places: Places {
            issued: issued.max(meta::number(conn, "last_place")?),
            log_start,
            own_start,
            round: None,
            written: ahead::written(conn)?,
        },
        seen,
    })
}

fn execute(conn: &Connection, sql: &str) -> rusqlite::Result<()> {
    conn.prepare_cached(sql)?.execute([]).map(|_| ())
}
