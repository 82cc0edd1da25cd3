//! Reading marks: the log, what is in force, and the audit trail.

use exeunt_core::{Mark, RealmId, Stamp};
use tokio::sync::watch;

use crate::authority::Authority;
use crate::error::{Error, Kind, Result};
use crate::store::{AuditEntry, AuditPlace, MarkPage, Position, SessionMarks, Snapshot};

/// Marks on one page of the log at most.
pub const PAGE_MARKS_MAX: u32 = 1_000;
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

    /// What is in force now, and its position.
    ///
    /// # Errors
    /// `Unavailable`.
    pub async fn snapshot(&self, realm: Option<RealmId>) -> Result<Snapshot> {
        self.settle(self.store.snapshot(realm, SessionMarks::Included).await)
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

    /// A page of the audit trail, newest first: changes and marks in one list by time; and where the next begins.
    ///
    /// # Errors
    /// `Unavailable`.
    pub async fn audit(
        &self,
        realm: Option<RealmId>,
        before: AuditPlace,
    ) -> Result<(Vec<AuditLine>, Option<AuditPlace>)> {
        let (entries, marks) = self.settle(self.store.audit(realm, before, PAGE_AUDIT).await)?;
        let lines: Vec<_> = merged(entries, marks).take(PAGE_AUDIT as usize).collect();
        let more = lines.len() == PAGE_AUDIT as usize;
        let next = lines.iter().fold(before, |place, line| match line {
            AuditLine::Entry(entry) => AuditPlace { entry: entry.place, ..place },
            AuditLine::Mark(mark) => AuditPlace { mark: mark.at, ..place },
        });
        Ok((lines, more.then_some(next)))
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
