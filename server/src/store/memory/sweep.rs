//! Deletes what is forgotten.

use exeunt_core::{Mark, Moment, SessionId};

use super::count;
use super::rows::Transaction;
use crate::error::Result;
use crate::store::rules::rows::SessionRow;
use crate::store::rules::sweep::{OldRows, Progress};

impl<'a> OldRows<'a> for Transaction<'a> {
    fn progress(&self) -> Progress {
        self.tables.progress
    }

    fn set_progress(&mut self, progress: Progress) -> Result<()> {
        self.tables.progress = progress;
        Ok(())
    }

    fn fold(&mut self, _max: u32) -> Result<u32> {
        Ok(0)
    }

    fn after(&mut self, row: u64, max: u32) -> Result<Vec<SessionRow>> {
        let after = self.tables.sessions.range(row.saturating_add(1)..).map(|(_, kept)| kept.clone());
        Ok(after.take(count(max)).collect())
    }

    fn marks(&mut self, from: u64, to: u64, max: u32) -> Result<Vec<Mark>> {
        let marks = self.tables.log.range(from..).map(|(_, mark)| mark.clone());
        Ok(marks.take_while(|mark| mark.at.number() < to).take(count(max)).collect())
    }

    fn delete_session(&mut self, kept: &SessionRow) -> Result<()> {
        self.tables.remove(kept.row);
        Ok(())
    }

    fn forget(&mut self, session: SessionId) {
        self.forgotten.push(session);
    }

    fn delete_earlier(&mut self, mark: &Mark) -> Result<()> {
        self.tables.log.retain(|_, other| other.anchor != mark.anchor || other.at >= mark.at);
        Ok(())
    }

    fn delete_mark(&mut self, mark: &Mark) -> Result<()> {
        self.tables.log.remove(&mark.at.number());
        Ok(())
    }

    fn delete_audit(&mut self, horizon: Moment, max: u32) -> Result<u32> {
        let (written, audit) = (self.tables.progress.written, &mut self.tables.audit);
        let old = audit.iter().take_while(|(place, entry)| written.when(**place, entry.when) < horizon);
        let old: Vec<u64> = old.map(|(place, _)| *place).take(count(max)).collect();
        old.iter().for_each(|place| drop(audit.remove(place)));
        Ok(u32::try_from(old.len()).unwrap_or(max))
    }
}
