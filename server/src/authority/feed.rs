//! Reading marks: the log, what is in force, and the audit trail.

use exeunt_core::{Mark, RealmId, Stamp};
use tokio::sync::watch;

use crate::authority::Authority;
use crate::error::{Error, Kind, Result};
use crate::store::{AuditEntry, AuditPlace, MarkPage, Position, Snapshot};

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
        self.settle(self.store.snapshot(realm).await)
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
        let mut lines: Vec<_> =
            entries.into_iter().map(AuditLine::Entry).chain(marks.into_iter().map(AuditLine::Mark)).collect();
        lines.sort_by_key(|line| std::cmp::Reverse(line.order()));
        let more = lines.len() > PAGE_AUDIT as usize || lines.len() == PAGE_AUDIT as usize;
        lines.truncate(PAGE_AUDIT as usize);
        let next = lines.iter().fold(before, |place, line| match line {
            AuditLine::Entry(entry) => AuditPlace { entry: entry.place, ..place },
            AuditLine::Mark(mark) => AuditPlace { mark: mark.at, ..place },
        });
        Ok((lines, more.then_some(next)))
    }
}

impl AuditLine {
    /// By time; at the same millisecond changes before their marks, each in its own order.
    fn order(&self) -> (u64, bool, u64) {
        match self {
            Self::Entry(entry) => (entry.when.millis(), false, entry.place),
            Self::Mark(mark) => (mark.when.millis(), true, mark.at.number()),
        }
    }
}
