//! Reading marks: the log, what is in force, and the audit trail.

use exeunt_core::{Mark, RealmId, Stamp};
use tokio::sync::watch;

use crate::authority::Authority;
use crate::error::{Error, Kind, Result};
use crate::store::{AuditEntry, AuditPlace, MarkPage, Position, Trail};

/// Marks on one page of the log at most.
pub const PAGE_MARKS_MAX: u32 = 1_000;
/// Marks on one page of a snapshot at most.
pub const PAGE_SNAPSHOT: u32 = 10_000;
/// Lines on one page of the audit trail.
pub const PAGE_AUDIT: u32 = 100;

/// A line of the audit trail.
#[derive(Clone, Debug)]
pub enum AuditLine {
    /// A change.
    Entry(AuditEntry),
    /// A mark.
    Mark(Mark),
}

impl Authority {
    /// The log after a place, at most `limit` marks (see [`PAGE_MARKS_MAX`]).
    ///
    /// # Errors
    /// `NotFound` if the log no longer reaches back so far, or `after` is beyond its end: take a snapshot then.
    pub async fn marks(&self, realm: Option<RealmId>, after: Stamp, limit: u32) -> Result<MarkPage> {
        let page = self.settle(self.store.marks(realm, after, limit.clamp(1, PAGE_MARKS_MAX)).await)?;
        if after > page.position.stamp {
            return Err(Error::new(Kind::NotFound, "the log does not reach that far; take a snapshot"));
        }
        Ok(page)
    }

    /// The earliest place that the log reaches back to.
    ///
    /// # Errors
    /// `Unavailable`.
    pub async fn oldest(&self) -> Result<Stamp> {
        self.settle(self.store.oldest().await)
    }

    /// A page of what is in force, of the marks after a place and up to another (see [`PAGE_SNAPSHOT`]), and up to where
    /// it reaches. A snapshot at a position is all pages up to it: what is replaced while they are read is not on
    /// them, and in the feed after that position.
    ///
    /// # Errors
    /// `Unavailable`.
    pub async fn snapshot(&self, realm: Option<RealmId>, after: Stamp, upto: Stamp) -> Result<MarkPage> {
        self.settle(self.store.in_force(realm, after, upto, PAGE_SNAPSHOT).await)
    }

    /// The last place in the log, and of which incarnation.
    ///
    /// # Errors
    /// `Unavailable`.
    pub async fn position(&self) -> Result<Position> {
        self.settle(self.store.position().await)
    }

    /// Tells whenever there are new marks.
    pub fn watch(&self) -> watch::Receiver<Stamp> {
        self.memory.watch()
    }

    /// A page of the audit trail, newest first: changes and marks in one list by time; and where the next begins. Where
    /// other realms have many a page may be short, even empty, and yet go on.
    ///
    /// # Errors
    /// `Unavailable`.
    pub async fn audit(
        &self,
        realm: Option<RealmId>,
        before: AuditPlace,
    ) -> Result<(Vec<AuditLine>, Option<AuditPlace>)> {
        let mut trail = self.settle(self.store.audit(realm, before, PAGE_AUDIT).await)?;
        let cuts = (trail.entries_cut, trail.marks_cut);
        hold_back(&mut trail);
        // What is held back, or has no more room on this page, is on the next one.
        let (mut entries, mut marks) = (trail.entries.len(), trail.marks.len());
        let lines: Vec<_> = merged(trail.entries, trail.marks).take(PAGE_AUDIT as usize).collect();
        let mut next = before;
        for line in &lines {
            match line {
                AuditLine::Entry(entry) => (next.entry, entries) = (entry.place, entries - 1),
                AuditLine::Mark(mark) => (next.mark, marks) = (mark.at, marks - 1),
            }
        }
        if let (0, Some(cut)) = (entries, trail.entries_cut) {
            next.entry = cut.place;
        }
        if let (0, Some(cut)) = (marks, trail.marks_cut) {
            next.mark = Stamp::from_number(cut.place);
        }
        let more = lines.len() == PAGE_AUDIT as usize || cuts != (None, None);
        Ok((lines, more.then_some(next)))
    }
}

/// Where looking for the one stopped, some of it from before then may be newer than what is there of the other. The
/// list that stopped later stays whole, so that every page gets on.
fn hold_back(trail: &mut Trail) {
    let (entries, marks) = (trail.entries_cut.map(|cut| cut.when), trail.marks_cut.map(|cut| cut.when));
    if marks > entries {
        let first = trail.entries.iter().position(|entry| Some(entry.when) < marks);
        if let Some(first) = first {
            trail.entries.truncate(first);
            trail.entries_cut = None;
        }
    } else if entries.is_some() {
        let first = trail.marks.iter().position(|mark| Some(mark.when) < entries);
        if let Some(first) = first {
            trail.marks.truncate(first);
            trail.marks_cut = None;
        }
    }
}

/// Both in one list, the later first, a mark before the change that it came with. Each keeps its own order whatever the
/// clock did: or a page would not tell where the next one begins.
fn merged(entries: Vec<AuditEntry>, marks: Vec<Mark>) -> impl Iterator<Item = AuditLine> {
    let (mut entries, mut marks) = (entries.into_iter().peekable(), marks.into_iter().peekable());
    std::iter::from_fn(move || match (entries.peek(), marks.peek()) {
        (Some(entry), Some(mark)) if entry.when > mark.when => entries.next().map(AuditLine::Entry),
        (_, Some(_)) => marks.next().map(AuditLine::Mark),
        (_, None) => entries.next().map(AuditLine::Entry),
    })
}
