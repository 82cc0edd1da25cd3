//! The embedded default: one SQLite file, one node.
//!
//! One thread writes ([`writer`]): it commits all queued writes as one transaction, marks first, and answers no caller
//! before that is on disk. Other threads read ([`reader`]), and checkpoint the WAL into the file ([`checkpoint`]). The
//! marks in force are also in memory ([`state`]), read when the file is opened, so raising a mark appends one row and
//! searches nothing.

mod accounts;
mod ahead;
mod audit;
mod backup;
mod batch;
mod checkpoint;
mod clients;
mod consents;
mod directory;
mod disk;
mod encode;
pub mod file;
mod grants;
mod identifiers;
mod identity;
pub mod inspect;
mod ledger;
mod life;
mod load;
mod lock;
mod marks;
mod meta;
mod migrate;
mod queue;
mod reader;
pub mod restore;
mod rows;
mod sessions;
mod state;
mod sweep;
pub mod tail;
mod upkeep;
mod usage;
mod users;
mod writer;

use std::path::PathBuf;
use std::sync::{Arc, Mutex};
use std::thread::{self, JoinHandle};

use tokio::sync::oneshot;

use self::backup::Pause;
use self::batch::{Batch, Command};
use self::checkpoint::Checkpoint;
use self::identity::Identity;
use self::queue::{Lane, Queue};
use self::reader::{Question, READERS, Reading};
use self::state::Shared;
use self::tail::Cut;
use self::writer::{WriteJob, Writer};
use super::{Incarnation, OneAtATime};
use crate::error::{Error, Result, Unavailability};
use crate::lock::Exclusive as _;

/// The limit of waiting writes in each lane.
const WRITES_MAX: usize = 16_384;
/// The limit of waiting reads.
const READS_MAX: usize = 1_024;
/// The default of [`SqliteOptions::log_pages`]: 8 MiB.
const LOG_PAGES: u32 = 2_000;

/// How to open a store.
#[derive(Clone, Debug)]
pub struct SqliteOptions {
    /// The file. It and its directory are created, for this user alone, if they do not exist.
    pub path: PathBuf,
    /// The name of a registered SQLite VFS. For tests.
    pub vfs: Option<String>,
    /// Acknowledges before anything is on disk. Only for the test that shows that this loses logouts.
    pub synchronous_off: bool,
    /// The number of pages (of 4 KiB) in the WAL at which a checkpoint is worthwhile.
    pub log_pages: u32,
    /// For a new store; an existing one keeps its own.
    pub incarnation: Incarnation,
    /// How to truncate the WAL. For tests whose files are not all on a real disk.
    pub cut: Cut,
}

/// A store in one file.
pub struct SqliteStore {
    shared: Arc<Shared>,
    writes: Arc<Queue<WriteJob>>,
    reads: Arc<Queue<Question>>,
    checkpoint: Arc<Checkpoint>,
    backups: OneAtATime,
    pause: Arc<Pause>,
    threads: Mutex<Vec<JoinHandle<()>>>,
}

impl SqliteOptions {
    /// A store in this file.
    pub const fn new(path: PathBuf, incarnation: Incarnation) -> Self {
        Self { path, vfs: None, synchronous_off: false, log_pages: LOG_PAGES, incarnation, cut: tail::real }
    }
}

impl SqliteStore {
    /// Opens the store, creates it if it does not exist, and migrates it. Blocks until the marks in force are in
    /// memory.
    ///
    /// # Errors
    /// `Unavailable`, with a public text for the operator that names the file and what to do: another process has it
    /// open, it is not a database or a later version's, it or its directory is not writable, the disk is full.
    pub fn open(options: SqliteOptions) -> Result<Self> {
        let (path, lock) = file::prepare(&options.path)?;
        let identity = Identity::new(&path, lock);
        let shared = Arc::new(Shared::new(SqliteOptions { path, ..options }, identity));
        backup::tidy(&shared.options.path);
        let checkpoint = Arc::new(Checkpoint::default());
        let writer = Writer::open(shared.clone(), checkpoint.clone())?;
        let store = Self {
            shared,
            writes: Arc::new(Queue::new(WRITES_MAX)),
            reads: Arc::new(Queue::new(READS_MAX)),
            checkpoint,
            backups: OneAtATime::default(),
            pause: Arc::default(),
            threads: Mutex::default(),
        };
        store.start(writer)?;
        Ok(store)
    }

    /// Runs a write of at most one row.
    async fn write_one<T: Send + 'static>(
        &self,
        lane: Lane,
        work: impl FnOnce(&mut Batch<'_>) -> Result<T> + Send + 'static,
    ) -> Result<T> {
        self.ask(lane, work, false).await
    }

    /// Runs a write of several rows, all or none.
    async fn write<T: Send + 'static>(
        &self,
        lane: Lane,
        work: impl FnOnce(&mut Batch<'_>) -> Result<T> + Send + 'static,
    ) -> Result<T> {
        self.ask(lane, work, true).await
    }

    async fn ask<T: Send + 'static>(
        &self,
        lane: Lane,
        work: impl FnOnce(&mut Batch<'_>) -> Result<T> + Send + 'static,
        steps: bool,
    ) -> Result<T> {
        self.shared.check()?;
        let (to, answer) = oneshot::channel();
        self.writes
            .push(lane, WriteJob::Work(Box::new(Command { work: Some(work), steps, done: None, to })))?;
        answer.await.map_err(|_| fault())?
    }

    async fn read<T: Send + 'static>(
        &self,
        question: impl FnOnce(Reading<'_>) -> Result<T> + Send + 'static,
    ) -> Result<T> {
        self.shared.check()?;
        let (to, answer) = oneshot::channel();
        let ask = move |reading: Result<Reading<'_>>| drop(to.send(reading.and_then(question)));
        self.reads.push(Lane::Rest, Box::new(ask))?;
        answer.await.map_err(|_| fault())?
    }

    /// Sends the writer a job that is not a transaction.
    async fn control(&self, job: impl FnOnce(oneshot::Sender<Result<()>>) -> WriteJob) -> Result<()> {
        let (to, answer) = oneshot::channel();
        self.writes.push(Lane::Rest, job(to))?;
        answer.await.map_err(|_| fault())?
    }

    fn start(&self, writer: Writer) -> Result<()> {
        let (writes, shared, checkpoint) =
            (self.writes.clone(), self.shared.clone(), self.checkpoint.clone());
        self.spawn("store-write", move || writer.run(&writes))?;
        self.spawn("store-checkpoint", move || checkpoint.run(&shared))?;
        for _ in 0..READERS {
            let (reads, shared) = (self.reads.clone(), self.shared.clone());
            self.spawn("store-read", move || reader::run(&shared, &reads))?;
        }
        Ok(())
    }

    fn spawn(&self, name: &str, body: impl FnOnce() + Send + 'static) -> Result<()> {
        let thread = thread::Builder::new().name(name.to_owned()).spawn(body).map_err(Error::internal)?;
        let mut threads = self.threads.hold();
        threads.retain(|thread| !thread.is_finished());
        threads.push(thread);
        Ok(())
    }

    /// Ends all threads and closes the file.
    fn stop(&self) {
        self.writes.close();
        self.reads.close();
        self.checkpoint.close();
        self.pause.end();
        let threads = std::mem::take(&mut *self.threads.hold());
        for thread in threads {
            // The thread catches its own panics.
            let _ended = thread.join();
        }
        self.shared.identity.release();
    }
}

impl Drop for SqliteStore {
    fn drop(&mut self) {
        self.stop();
    }
}

/// The database refused it, and nothing was changed.
impl From<rusqlite::Error> for Error {
    fn from(error: rusqlite::Error) -> Self {
        Self::unavailable(Unavailability::Refused).because(error)
    }
}

fn fault() -> Error {
    Error::unavailable(Unavailability::Unknown).because("a thread of the store ended without a result")
}
