//! What the store's threads share: what is certainly committed, and the health of the store.

use std::collections::HashMap;
use std::sync::atomic::{AtomicBool, AtomicU8, AtomicU32, AtomicU64, Ordering};
use std::sync::{OnceLock, RwLock, RwLockReadGuard};

use exeunt_core::{Mark, Moment, SessionId};

use super::SqliteOptions;
use super::identity::{Identity, Loss};
use super::load::News;
use crate::error::{Error, Kind, Result, Unavailability};
use crate::lock::Shared as _;
use crate::store::figures::Figures;
use crate::store::rules::book::Book;
use crate::store::rules::sight::Touches;
use crate::store::{Incarnation, Position};

const OPEN: u8 = 0;
const UNKNOWN: u8 = 1;
const CLOSED: u8 = 2;
const LOST: u8 = 3;
/// The public text while the files are not at their path.
const LOST_TEXT: &str = "the files of the store were changed under the server; no check is answered until they are back in their \
                         place: its log tells more";

pub(super) struct Shared {
    pub(super) options: SqliteOptions,
    /// Checks that the files are still the open ones.
    pub(super) identity: Identity,
    /// Counts how often the file was opened: connections of an earlier count are dropped.
    pub(super) life: AtomicU64,
    /// The counters since the start.
    pub(super) figures: Figures,
    /// Pages in the WAL after the last commit.
    pub(super) log_pages: AtomicU32,
    /// `true` if the last commit found the disk full.
    pub(super) refusing: AtomicBool,
    incarnation: OnceLock<Incarnation>,
    health: AtomicU8,
    book: RwLock<Book>,
    seen: RwLock<HashMap<u64, Moment>>,
    gate: RwLock<()>,
}

/// What a commit changes in memory.
#[derive(Debug, Default)]
pub(super) struct Effects {
    pub(super) log: Vec<Mark>,
    /// Sessions by row, and when they were seen.
    pub(super) touched: Vec<(u64, Moment)>,
    /// Later last-seen times become this one: they were of a wall clock that was ahead.
    pub(super) seen_by: Option<Moment>,
    pub(super) leftovers: Leftovers,
}

/// What the file alone now holds, so that memory may drop it; but only once no read is running that may have begun
/// before.
#[derive(Clone, Debug, Default)]
pub(super) struct Leftovers {
    pub(super) folded: Vec<(u64, Moment)>,
    pub(super) forgotten: Vec<SessionId>,
}

impl Shared {
    pub(super) fn new(options: SqliteOptions, identity: Identity) -> Self {
        Self {
            options,
            identity,
            life: AtomicU64::new(0),
            figures: Figures::default(),
            log_pages: AtomicU32::new(0),
            refusing: AtomicBool::new(false),
            incarnation: OnceLock::new(),
            health: AtomicU8::new(OPEN),
            book: RwLock::default(),
            seen: RwLock::default(),
            gate: RwLock::default(),
        }
    }

    /// Fills memory with the content of the file.
    pub(super) fn load(&self, incarnation: Incarnation, book: Book, seen: HashMap<u64, Moment>) {
        self.incarnation.get_or_init(|| incarnation);
        *self.book.writing() = book;
        *self.seen.writing() = seen;
        self.life.fetch_add(1, Ordering::SeqCst);
        self.health.store(OPEN, Ordering::SeqCst);
    }

    /// Applies what a write with an unknown outcome left in the file, which was opened again.
    pub(super) fn catch_up(&self, news: News) {
        let mut book = self.book.writing();
        book.commit(&news.marks);
        news.forgotten.into_iter().for_each(|id| book.forget(id));
        drop(book);
        *self.seen.writing() = news.seen;
        self.life.fetch_add(1, Ordering::SeqCst);
        self.health.store(OPEN, Ordering::SeqCst);
    }

    /// `Unknown` after a commit was cut short, `Refused` after the store was closed.
    pub(super) fn check(&self) -> Result<()> {
        match self.health.load(Ordering::SeqCst) {
            OPEN => Ok(()),
            UNKNOWN => {
                Err(Error::unavailable(Unavailability::Unknown).because("the store waits to be opened again"))
            }
            LOST => Err(Error::new(Kind::Unavailable(Unavailability::Unknown), LOST_TEXT)),
            _ => Err(Error::unavailable(Unavailability::Refused).because("the store is closed")),
        }
    }

    pub(super) fn is_unknown(&self) -> bool {
        matches!(self.health.load(Ordering::SeqCst), UNKNOWN | LOST)
    }

    pub(super) fn set_unknown(&self) {
        self.health.store(UNKNOWN, Ordering::SeqCst);
    }

    /// Records that the files are not at their path any more. Returns the error for it.
    pub(super) fn set_lost(&self, loss: &Loss) -> Error {
        let text = loss.text(&self.options.path);
        if self.health.swap(LOST, Ordering::SeqCst) != LOST {
            tracing::error!("{text}");
        }
        Error::new(Kind::Unavailable(Unavailability::Unknown), LOST_TEXT).because(text)
    }

    pub(super) fn set_closed(&self) {
        self.health.store(CLOSED, Ordering::SeqCst);
    }

    pub(super) fn book(&self) -> RwLockReadGuard<'_, Book> {
        self.book.reading()
    }

    pub(super) fn position(&self) -> Position {
        let incarnation = self.incarnation.get().copied().unwrap_or(self.options.incarnation);
        Position { incarnation, stamp: self.book().last() }
    }

    /// Every read holds this from before it reads the file until it has read this memory.
    pub(super) fn reading(&self) -> RwLockReadGuard<'_, ()> {
        self.gate.reading()
    }

    /// Waits until no read is running, and blocks new ones while `work` runs.
    pub(super) fn without_reads<T>(&self, work: impl FnOnce() -> T) -> T {
        let _alone = self.gate.writing();
        work()
    }

    /// Applies what was committed.
    pub(super) fn commit(&self, effects: &Effects) {
        let Effects { log, touched, seen_by, .. } = effects;
        if !log.is_empty() {
            self.book.writing().commit(log);
        }
        if let Some(now) = seen_by {
            let mut seen = self.seen.writing();
            seen.values_mut().for_each(|at| *at = (*at).min(*now));
        }
        if !touched.is_empty() {
            let mut seen = self.seen.writing();
            for (place, at) in touched {
                let entry = seen.entry(*place).or_insert(*at);
                *entry = (*entry).max(*at);
            }
        }
    }

    /// Drops what the file alone now holds; does nothing while a read is running.
    pub(super) fn clear(&self, leftovers: &mut Leftovers) {
        if leftovers.folded.is_empty() && leftovers.forgotten.is_empty() {
            return;
        }
        let Ok(_alone) = self.gate.try_write() else { return };
        let mut seen = self.seen.writing();
        for (place, at) in leftovers.folded.drain(..) {
            if seen.get(&place).is_some_and(|latest| *latest <= at) {
                seen.remove(&place);
            }
        }
        let mut book = self.book.writing();
        leftovers.forgotten.drain(..).for_each(|id| book.forget(id));
    }
}

/// Those that are not yet folded into the rows.
impl Touches for Shared {
    fn seen(&self, row: u64, written: Moment) -> Moment {
        let seen = self.seen.reading();
        seen.get(&row).map_or(written, |at| written.max(*at))
    }
}
