//! The decision that all stores share: does raising append a mark, or was one there first?
//!
//! A [`Book`] is what is known to be committed, a [`Draft`] what a transaction adds to it. A draft is thrown away
//! when its transaction is, so the book never runs ahead of the disk.
//!
//! Deliberately absent: any comparison of a stamp with a mark. That is [`judge`]'s alone.

use exeunt_core::{Anchor, Mark, Marks, Moment, Session, SessionId, Stamp, Verdict, Why, judge};

use crate::store::{Raise, RaiseOutcome, seen_at_most};

/// The marks in force, of all anchors, and the last place in their log. Only what is committed.
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

/// What raising a mark on a session comes to.
#[derive(Debug)]
pub enum Ruling {
    /// This mark is new and must be written.
    Raised(RaiseOutcome),
    /// There is a mark already: the earliest of this session above its stamp is the answer.
    There(Verdict),
}

impl Book {
    /// A book whose log has come to `last`.
    pub const fn new(marks: Marks, last: Stamp) -> Self {
        Self { marks, last }
    }

    /// The last place in the log.
    pub const fn last(&self) -> Stamp {
        self.last
    }

    /// The marks in force.
    pub const fn marks(&self) -> &Marks {
        &self.marks
    }

    /// The place of this session's own mark.
    pub fn own(&self, id: SessionId) -> Option<Stamp> {
        self.marks.latest(Anchor::Session(id)).map(|raised| raised.at)
    }

    /// What a session is at `now`, when last-seen was written as `seen` and may be a little later in truth.
    pub fn verdict(&self, session: &Session, seen: Moment, now: Moment) -> Verdict {
        judge(session, seen_at_most(session, seen, now), &self.marks, now)
    }

    /// Begins a transaction.
    pub fn draft(&self) -> Draft<'_> {
        Draft { book: self, marks: Marks::new(), log: Vec::new() }
    }

    /// Takes in the log of a draft whose transaction has been committed.
    pub fn commit(&mut self, log: &[Mark]) {
        for mark in log {
            self.marks.raise(mark);
            self.last = mark.at;
        }
    }

    /// Drops what is known of a session. Only when neither it nor anything that hangs from it is recorded.
    pub fn forget(&mut self, id: SessionId) {
        self.marks.forget(Anchor::Session(id));
    }
}

impl Draft<'_> {
    /// The last place in the log, this transaction's marks included.
    pub fn last(&self) -> Stamp {
        self.log.last().map_or(self.book.last, |mark| mark.at)
    }

    /// The place of the latest mark of an anchor, this transaction's included.
    pub fn latest(&self, anchor: Anchor) -> Option<Stamp> {
        self.marks.latest(anchor).or_else(|| self.book.marks.latest(anchor)).map(|raised| raised.at)
    }

    /// What a session is, all marks considered, this transaction's included.
    pub fn judge(&self, session: &Session, seen: Moment, now: Moment) -> Verdict {
        let ours = self.marks.of(&session.anchors);
        if ours.is_empty() {
            return judge(session, seen, &self.book.marks, now);
        }
        let mut all = self.book.marks.of(&session.anchors);
        all.join(&ours);
        judge(session, seen, &all, now)
    }

    /// The same when last-seen was written as `seen` and may be a little later in truth.
    pub fn verdict(&self, session: &Session, seen: Moment, now: Moment) -> Verdict {
        self.judge(session, seen_at_most(session, seen, now), now)
    }

    /// Raises a mark on a session, seen at `seen`, unless it has been ended.
    pub fn raise_session(&mut self, raise: &Raise, session: &Session, seen: Moment) -> Ruling {
        let was = self.judge(session, seen, raise.when);
        let why = match was {
            Verdict::Alive => raise.why,
            Verdict::Expired if self.latest(Anchor::Session(session.id)).is_none() => Why::Expired,
            Verdict::Expired | Verdict::Ended(_) => return Ruling::There(was),
        };
        Ruling::Raised(RaiseOutcome { mark: self.append(raise, Anchor::Session(session.id), why), was })
    }

    /// Raises a mark whatever was there before: on a user, a client, a realm, or on a session judged already.
    pub fn append(&mut self, raise: &Raise, anchor: Anchor, why: Why) -> Mark {
        let mark = raise.mark(anchor, why, self.last().next());
        self.marks.raise(&mark);
        self.log.push(mark.clone());
        mark
    }

    /// How many marks this transaction has raised: a place to go back to.
    pub const fn len(&self) -> usize {
        self.log.len()
    }

    /// Whether this transaction has raised none.
    pub const fn is_empty(&self) -> bool {
        self.log.is_empty()
    }

    /// What was raised after that place.
    pub fn since(&self, len: usize) -> &[Mark] {
        self.log.get(len..).unwrap_or_default()
    }

    /// Takes back what was raised after that place.
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
