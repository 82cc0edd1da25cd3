//! Keeps the store in order.

use async_trait::async_trait;
use exeunt_core::Moment;

use super::MemoryStore;
use crate::error::{Error, Kind, Result};
use crate::store::figures::{Disk, Figures, Waiting};
use crate::store::{AuditEntry, Backup, Upkeep, WrittenBy};

#[async_trait]
impl Upkeep for MemoryStore {
    async fn recover(&self) -> Result<()> {
        self.state().map(drop)
    }

    async fn look(&self) -> Result<()> {
        Ok(())
    }

    async fn close(&self) -> Result<()> {
        self.state()?.closed = true;
        Ok(())
    }

    async fn backup(&self, _audit: AuditEntry) -> Result<Backup> {
        Err(Error::new(Kind::Conflict("store"), "a store in memory has nothing to back up"))
    }

    fn figures(&self) -> Option<(Figures, Waiting, Disk)> {
        None
    }

    async fn secret(&self, fresh: [u8; 32]) -> Result<[u8; 32]> {
        Ok(*self.state()?.secret.get_or_insert(fresh))
    }

    async fn set_back(&self, rows: Vec<u64>, now: Moment) -> Result<()> {
        let mut state = self.state()?;
        for row in rows {
            if let Some(kept) = state.recorded.sessions.get_mut(&row) {
                kept.seen = kept.seen.min(now);
            }
        }
        Ok(())
    }

    async fn written_by(&self, now: Moment) -> Result<()> {
        let mut state = self.state()?;
        state.written = WrittenBy { now, mark: state.book.last(), entry: state.last_audit };
        for kept in state.recorded.sessions.values_mut() {
            let issued_at = &mut kept.record.session.issued_at;
            *issued_at = now.min(*issued_at);
        }
        Ok(())
    }
}
