//! One transaction: the commands of several callers, committed together.

use exeunt_core::{Mark, Moment};
use rusqlite::{CachedStatement, Connection};
use tokio::sync::oneshot;

use super::encode::{kind, write_address, write_by, write_why};
use super::state::{Effects, Leftovers, Shared};
use crate::error::{Error, Result, Unavailability};
use crate::store::rules::book::Draft;
use crate::store::rules::crowds::Crowds;
use crate::store::rules::sweep::Progress;

/// A transaction in progress.
pub(super) struct Batch<'a> {
    pub(super) conn: &'a Connection,
    pub(super) shared: &'a Shared,
    pub(super) draft: Draft<'a>,
    pub(super) places: FileEnds,
    pub(super) crowds: &'a mut Crowds,
    pub(super) touched: Vec<(u64, Moment)>,
    /// Later last-seen times become this one.
    pub(super) seen_by: Option<Moment>,
    pub(super) leftovers: Leftovers,
    /// Roughly how many rows were read and written, which the next command has to wait for.
    pub(super) rows: usize,
    /// `true` if a command failed midway and could not be rolled back.
    pub(super) spoiled: bool,
    /// Kept for the whole transaction: most writes are marks.
    pub(super) insert_mark: Option<CachedStatement<'a>>,
}

/// What the writer knows of the file besides the book.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct FileEnds {
    /// The last row in the order of issue.
    pub(super) issued: u64,
    /// How far it has forgotten.
    pub(super) progress: Progress,
}

/// A command for a transaction, and its waiting caller.
pub(super) trait Work: Send {
    fn run(&mut self, batch: &mut Batch<'_>);
    /// Sends the caller its result, once the transaction is over.
    fn answer(self: Box<Self>, committed: &std::result::Result<(), (Unavailability, String)>);
}

/// The only implementation of [`Work`].
pub(super) struct Command<F, T> {
    pub(super) work: Option<F>,
    /// `true` if it may fail after writing a part.
    pub(super) steps: bool,
    pub(super) done: Option<Result<T>>,
    pub(super) to: oneshot::Sender<Result<T>>,
}

impl<F, T> Work for Command<F, T>
where
    F: FnOnce(&mut Batch<'_>) -> Result<T> + Send,
    T: Send,
{
    fn run(&mut self, batch: &mut Batch<'_>) {
        if let Some(work) = self.work.take() {
            self.done = Some(if self.steps { batch.in_steps(work) } else { batch.attempt(work) });
        }
    }

    fn answer(self: Box<Self>, committed: &std::result::Result<(), (Unavailability, String)>) {
        let outcome = match (committed, self.done) {
            (Ok(()), Some(done)) => done,
            (Ok(()), None) => Err(Error::unavailable(Unavailability::Refused)),
            (Err((outage, reason)), _) => Err(Error::unavailable(*outage).because(reason)),
        };
        // The caller may have gone away.
        let _gone = self.to.send(outcome);
    }
}

impl Batch<'_> {
    /// Whether the database rolled back the whole transaction, or a failed command could not be rolled back.
    pub(super) fn is_lost(&self) -> bool {
        self.spoiled || self.conn.is_autocommit()
    }

    pub(super) fn into_effects(self) -> (Effects, FileEnds) {
        let effects = Effects {
            log: self.draft.into_log(),
            touched: self.touched,
            seen_by: self.seen_by,
            leftovers: self.leftovers,
        };
        (effects, self.places)
    }

    fn attempt<T>(&mut self, work: impl FnOnce(&mut Self) -> Result<T>) -> Result<T> {
        let (marks, places) = (self.draft.len(), self.places);
        let (touched, folded) = (self.touched.len(), self.leftovers.folded.len());
        let (forgotten, crowds) = (self.leftovers.forgotten.len(), self.crowds.changes());
        let seen_by = self.seen_by;
        let done = work(self);
        if done.is_err() {
            self.draft.truncate(marks);
            self.places = places;
            self.touched.truncate(touched);
            self.leftovers.folded.truncate(folded);
            self.leftovers.forgotten.truncate(forgotten);
            self.seen_by = seen_by;
            if self.crowds.changes() != crowds {
                self.crowds.forget();
            }
        }
        done
    }

    fn in_steps<T>(&mut self, work: impl FnOnce(&mut Self) -> Result<T>) -> Result<T> {
        self.execute("SAVEPOINT command")?;
        let done = self.attempt(work);
        let mut settled = Ok(());
        if done.is_err() && !self.is_lost() {
            settled = self.execute("ROLLBACK TO command");
        }
        if settled.is_ok() && !self.is_lost() {
            settled = self.execute("RELEASE command");
        }
        self.spoiled |= settled.is_err();
        settled.and(done)
    }

    fn execute(&self, sql: &str) -> Result<()> {
        Ok(self.conn.prepare_cached(sql)?.execute([]).map(|_| ())?)
    }
}

/// See [`insert`].
pub(super) const INSERT_MARK: &str = "INSERT INTO marks VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)";

/// Writes a mark's row with the prepared [`INSERT_MARK`].
pub(super) fn insert(statement: &mut CachedStatement<'_>, mark: &Mark) -> rusqlite::Result<()> {
    statement.execute((
        mark.at.number(),
        kind(mark.anchor),
        mark.anchor.id(),
        mark.realm.0,
        write_why(mark.why),
        write_by(mark.by),
        mark.via.name(),
        write_address(mark.from),
        mark.when.millis(),
    ))?;
    Ok(())
}
