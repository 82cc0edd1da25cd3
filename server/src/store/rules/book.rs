//! The decision that all stores share: does raising append a mark, or does the session have one already?
//!
//! A [`Book`] holds what is certainly committed, a [`Draft`] what a transaction adds to it. A draft is dropped with its
//! transaction, so the book never runs ahead of the disk.
//!
//! No stamp is compared with a mark here: only [`judge`] does that.

use exeunt_core::{Anchor, Mark, Marks, Moment, Session, SessionId, Stamp, Verdict, Why, judge};

use super::rows::SessionRow;
use crate::store::{Found, Raise, seen_at_most};

/// The marks in force of all anchors, and the last stamp of their log. Only committed marks.
#[derive(Debug, Default)]
pub struct Book {
    marks: Marks,
    last: Stamp,
}

/// What one transaction adds to a book.
#[derive(Debug)]
pub struct Draft<'a> {
    book: &'a Book,
    marks: Marks,
    log: Vec<Mark>,
}

/// The result of raising a mark on a session.
#[derive(Debug)]
pub enum Ruling {
    /// This mark is new and must be written.
    Raised {
        /// The mark.
        mark: Mark,
        /// What the session was just before.
        was: Verdict,
    },
    /// The session has a mark already: the answer is its earliest above the session's stamp.
    There(Verdict),
}

impl Book {
    /// A book whose log ends at `last`.
    pub const fn new(marks: Marks, last: Stamp) -> Self {
        Self { marks, last }
    }

    /// The last stamp in the log.
    pub const fn last(&self) -> Stamp {
        self.last
    }

    /// The marks in force.
    pub const fn marks(&self) -> &Marks {
        &self.marks
    }

    /// The stamp of this session's own mark.
    pub fn own(&self, id: SessionId) -> Option<Stamp> {
        self.latest(Anchor::Session(id))
    }

    /// The stamp of the mark in force on an anchor.
    pub fn latest(&self, anchor: Anchor) -> Option<Stamp> {
        self.marks.latest(anchor).map(|raised| raised.at)
    }

    /// A recorded session with its verdict at `now`.
    pub fn found(&self, kept: SessionRow, now: Moment) -> Found {
        let SessionRow { row, record, seen, generation } = kept;
        let verdict = self.verdict(&record.session, seen, now);
        Found { record, row, seen, generation, verdict }
    }

    /// The verdict at `now`, when last-seen was written as `seen` and may lag a little.
    pub fn verdict(&self, session: &Session, seen: Moment, now: Moment) -> Verdict {
        judge(session, seen_at_most(session, seen, now), &self.marks, now)
    }

    /// Begins a transaction.
    pub fn draft(&self) -> Draft<'_> {
        Draft { book: self, marks: Marks::new(), log: Vec::new() }
    }

    /// Applies the log of a draft whose transaction has committed.
    pub fn commit(&mut self, log: &[Mark]) {
        for mark in log {
            self.marks.raise(mark);
            self.last = mark.at;
        }
    }

    /// Drops a session's own mark. Only when neither the session nor a descendant is recorded.
    pub fn forget(&mut self, id: SessionId) {
        self.marks.forget(Anchor::Session(id));
    }
}

impl Draft<'_> {
    /// The last stamp in the log, including this transaction's marks.
    pub fn last(&self) -> Stamp {
        self.log.last().map_or(self.book.last, |mark| mark.at)
    }

    /// The stamp of the latest mark on an anchor, including this transaction's.
    pub fn latest(&self, anchor: Anchor) -> Option<Stamp> {
        self.marks.latest(anchor).or_else(|| self.book.marks.latest(anchor)).map(|raised| raised.at)
    }

    /// The verdict under all marks, including this transaction's.
    pub fn judge(&self, session: &Session, seen: Moment, now: Moment) -> Verdict {
        let ours = self.marks.of(&session.anchors);
        if ours.is_empty() {
            return judge(session, seen, &self.book.marks, now);
        }
        let mut all = self.book.marks.of(&session.anchors);
        all.join(&ours);
        judge(session, seen, &all, now)
    }

    /// As [`Draft::judge`], when last-seen was written as `seen` and may lag a little.
    pub fn verdict(&self, session: &Session, seen: Moment, now: Moment) -> Verdict {
        self.judge(session, seen_at_most(session, seen, now), now)
    }

    /// Raises a mark on a session, seen at `seen`, unless it has been ended. `above` is the verdict of its ancestors.
    pub fn raise_session(
        &mut self,
        raise: &Raise,
        session: &Session,
        seen: Moment,
        above: Verdict,
    ) -> Ruling {
        let was = self.judge(session, seen, raise.when).and(above);
        let why = match was {
            Verdict::Alive => raise.why,
            Verdict::Expired if self.latest(Anchor::Session(session.id)).is_none() => Why::Expired,
            Verdict::Expired | Verdict::Ended(_) => return Ruling::There(was),
        };
        Ruling::Raised { mark: self.append(raise, Anchor::Session(session.id), why), was }
    }

    /// Raises a mark unconditionally: on a user, a client, a realm, or on a session judged already.
    pub fn append(&mut self, raise: &Raise, anchor: Anchor, why: Why) -> Mark {
        let mark = raise.mark(anchor, why, self.last().next());
        self.marks.raise(&mark);
        self.log.push(mark.clone());
        mark
    }

    /// How many marks this transaction has raised: a savepoint for [`Draft::truncate`].
    pub const fn len(&self) -> usize {
        self.log.len()
    }

    /// `true` if this transaction has raised no mark.
    pub const fn is_empty(&self) -> bool {
        self.log.is_empty()
    }

    /// The marks raised after that savepoint.
    pub fn since(&self, len: usize) -> &[Mark] {
        self.log.get(len..).unwrap_or_default()
    }

    /// Takes back the marks raised after that savepoint.
    pub fn truncate(&mut self, len: usize) {
        if len < self.log.len() {
            self.log.truncate(len);
            self.marks = self.log.iter().collect();
        }
    }

    /// The marks raised, in order: for [`Book::commit`].
    pub fn into_log(self) -> Vec<Mark> {
        self.log
    }
}
