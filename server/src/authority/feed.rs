//! Reads marks: the log, the marks in force, and the audit trail.

use exeunt_core::{Mark, RealmId, Stamp};
use tokio::sync::watch;

use crate::authority::Authority;
use crate::error::{Error, Kind, Result};
use crate::store::{AuditEntry, AuditPlace, MarkPage, Position, SessionMarks, Trail};

/// The largest page of the log, in marks.
pub const PAGE_MARKS_MAX: u32 = 1_000;
/// The largest page of a snapshot, in marks.
pub const PAGE_SNAPSHOT: u32 = 10_000;
/// The size of a page of the audit trail, in lines.
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
    /// The log after a position, at most `limit` marks (see [`PAGE_MARKS_MAX`]).
    ///
    /// # Errors
    /// `NotFound` if `after` is older than the log reaches back, or beyond its end: take a snapshot then.
    pub async fn marks(&self, realm: Option<RealmId>, after: Stamp, limit: u32) -> Result<MarkPage> {
        let page = self.settle(self.store.marks(realm, after, limit.clamp(1, PAGE_MARKS_MAX)).await)?;
        if after > page.position.stamp {
            return Err(Error::new(Kind::NotFound, "the log does not reach that far; take a snapshot"));
        }
        Ok(page)
    }

    /// The earliest position that the log reaches back to.
    ///
    /// # Errors
    /// `Unavailable`.
    pub async fn oldest(&self) -> Result<Stamp> {
        let end = self.position().await?.stamp;
        self.settle(self.store.marks(None, end, 1).await).map(|page| page.oldest)
    }

    /// One page of the marks in force after one position and up to another (see [`PAGE_SNAPSHOT`]), and the position
    /// that it reaches. All pages up to a position form a snapshot at it. A mark that is replaced while they are read
    /// is missing there, but its replacement is in the feed after that position.
    ///
    /// # Errors
    /// `Unavailable`.
    pub async fn snapshot(&self, realm: Option<RealmId>, after: Stamp, upto: Stamp) -> Result<MarkPage> {
        self.settle(self.store.in_force(realm, SessionMarks::Included, after, upto, PAGE_SNAPSHOT).await)
    }

    /// The last position in the log, and the incarnation of the store.
    ///
    /// # Errors
    /// `Unavailable`.
    pub async fn position(&self) -> Result<Position> {
        self.settle(self.store.position().await)
    }

    /// Notifies about new marks.
    pub fn watch(&self) -> watch::Receiver<Stamp> {
        self.memory.watch()
    }

    /// A page of the audit trail, newest first: changes and marks in one list by time; and where the next page begins.
    /// If other realms have many lines, a page may be short or even empty although more follow.
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
        // Lines that are held back, or do not fit on this page, are on the next one.
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

/// Where the search of one list stopped early, its unread lines may be newer than lines of the other list, so those are
/// held back. The list that stopped at the later time stays whole, so that every page makes progress.
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

/// Merges both lists, latest first, a mark before the change it came with. Each list keeps its own order even if the
/// clock went backwards; otherwise a page could not say where the next one begins.
fn merged(entries: Vec<AuditEntry>, marks: Vec<Mark>) -> impl Iterator<Item = AuditLine> {
    let (mut entries, mut marks) = (entries.into_iter().peekable(), marks.into_iter().peekable());
    std::iter::from_fn(move || match (entries.peek(), marks.peek()) {
        (Some(entry), Some(mark)) if entry.when > mark.when => entries.next().map(AuditLine::Entry),
        (_, Some(_)) => marks.next().map(AuditLine::Mark),
        (_, None) => entries.next().map(AuditLine::Entry),
    })
}
