//! Keeps the store in order: runs each call on the right thread.

use std::sync::atomic::Ordering;

use async_trait::async_trait;
use exeunt_core::Moment;

use super::queue::Lane;
use super::writer::WriteJob;
use super::{SqliteStore, meta};
use crate::error::{Error, Result};
use crate::store::figures::{Disk, Figures, Waiting};
use crate::store::rules::rows::Rows as _;
use crate::store::{AuditEntry, Backup, Upkeep};

#[async_trait]
impl Upkeep for SqliteStore {
    async fn recover(&self) -> Result<()> {
        self.control(WriteJob::Recover).await
    }

    async fn look(&self) -> Result<()> {
        self.shared.check()?;
        let shared = self.shared.clone();
        // The disk may be slow.
        let looked = tokio::task::spawn_blocking(move || {
            shared.identity.check().map_err(|loss| shared.set_lost(&loss))
        });
        looked.await.map_err(Error::internal)?
    }

    async fn close(&self) -> Result<()> {
        let closed = self.control(WriteJob::Close).await;
        self.stop();
        closed
    }

    async fn backup(&self, audit: AuditEntry) -> Result<Backup> {
        let one = self.backups.admit()?;
        let made_at = audit.when;
        // The audit line is on disk before the caller gets a copy.
        self.write(Lane::Rest, move |batch| batch.write_audit(Some(audit))).await?;
        self.copy(made_at, one).await
    }

    fn figures(&self) -> Option<(Figures, Waiting, Disk)> {
        let ((marks, writes), (_, reads)) = (self.writes.waiting(), self.reads.waiting());
        let log_pages = self.shared.log_pages.load(Ordering::Relaxed);
        let refusing = self.shared.refusing.load(Ordering::Relaxed);
        let disk = Disk { free_bytes: self.shared.identity.free_bytes(), refusing };
        Some((self.shared.figures.clone(), Waiting { marks, writes, reads, log_pages }, disk))
    }

    async fn secret(&self, fresh: [u8; 32]) -> Result<[u8; 32]> {
        self.write(Lane::Rest, move |batch| Ok(meta::secret(batch.conn, fresh)?)).await
    }

    async fn set_back(&self, rows: Vec<u64>, now: Moment) -> Result<()> {
        self.write(Lane::Rest, move |batch| batch.set_back(&rows, now)).await
    }

    async fn written_by(&self, now: Moment) -> Result<()> {
        self.write(Lane::Rest, move |batch| batch.written_by(now)).await
    }
}

impl SqliteStore {
    /// Whether the demonstration created this store: its passwords are public.
    ///
    /// # Errors
    /// `Unavailable`.
    pub async fn is_demo(&self) -> Result<bool> {
        self.read(|reading| Ok(meta::number(reading.conn, "demo")? != 0)).await
    }

    /// Records permanently that the demonstration created this store.
    ///
    /// # Errors
    /// `Unavailable`.
    pub async fn set_demo(&self) -> Result<()> {
        self.write(Lane::Rest, |batch| Ok(meta::set_number(batch.conn, "demo", 1)?)).await
    }
}
