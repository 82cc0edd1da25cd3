//! Sessions, their tokens, the log of marks: runs each call on the right thread.

use std::collections::HashMap;
use std::sync::Arc;
use std::sync::atomic::Ordering;

use async_trait::async_trait;
use exeunt_core::{Mark, Moment, RealmId, Session, SessionId, Stamp, UserId};

use super::queue::Lane;
use super::room::Seats;
use super::writer::Job;
use super::{SqliteStore, meta};
use crate::error::{Error, Result};
use crate::store::figures::{Disk, Figures, Waiting};
use crate::store::{
    Adopted, Adoption, AuditEntry, Backup, Found, Issued, Ledger, List, MarkPage, NewSession, Others,
    Position, Raise, RaiseOutcome, Seen, SessionBy, SessionMarks, SessionPage, Snapshot, Swept,
};

#[async_trait]
impl Ledger for SqliteStore {
    async fn is_demo(&self) -> Result<bool> {
        self.read(|reading| Ok(meta::number(reading.conn, "demo")? != 0)).await
    }

    async fn set_demo(&self) -> Result<()> {
        self.write(Lane::Rest, |batch| Ok(meta::set_number(batch.conn, "demo", 1)?)).await
    }

    fn durable(&self) -> bool {
        true
    }

    fn figures(&self) -> Option<(Figures, Waiting)> {
        let ((marks, writes), (_, reads)) = (self.writes.waiting(), self.reads.waiting());
        let log_pages = self.shared.log_pages.load(Ordering::Relaxed);
        Some((self.shared.figures.clone(), Waiting { marks, writes, reads, log_pages }))
    }

    fn disk(&self) -> Option<Disk> {
        let refusing = self.shared.refusing.load(Ordering::Relaxed);
        Some(Disk { free_bytes: self.shared.identity.free_bytes(), refusing })
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

    async fn position(&self) -> Result<Position> {
        self.shared.check()?;
        Ok(self.shared.position())
    }

    async fn issue(&self, new: NewSession) -> Result<Issued> {
        let new = Arc::new(new);
        let again = new.clone();
        if let Some(issued) = self.write(Lane::Rest, move |batch| batch.issue(&new, None)).await? {
            return Ok(issued);
        }
        let new = again;
        let seats = self.seats(new.record.session.user(), new.record.session.issued_at).await?;
        let issued = self.write(Lane::Rest, move |batch| batch.issue(&new, Some(&seats))).await?;
        issued
            .ok_or_else(|| Error::internal("the sessions of a user were read, but are missing in the batch"))
    }

    async fn adopt(
        &self,
        sessions: Vec<Adopted>,
        now: Moment,
        audit: Option<AuditEntry>,
    ) -> Result<Vec<Adoption>> {
        let sessions = Arc::new(sessions);
        let mut read = HashMap::new();
        loop {
            let (sessions, seats, audit) = (sessions.clone(), Arc::new(read.clone()), audit.clone());
            let outcome = self.write(Lane::Rest, move |batch| {
                let outcomes = batch.adopt_all(&sessions, &seats, now)?;
                let recorded = |outcome: &Adoption| matches!(outcome, Adoption::Recorded(_));
                let any = outcomes.as_ref().is_ok_and(|outcomes| outcomes.iter().any(recorded));
                batch.write_audit(audit.filter(|_| any))?;
                Ok(outcomes)
            });
            match outcome.await? {
                Ok(outcomes) => return Ok(outcomes),
                // Once these are read, no user's sessions are unknown.
                Err(unknown) => {
                    for user in unknown {
                        read.insert(user, self.seats(Some(user), now).await?);
                    }
                }
            }
        }
    }

    async fn raise(&self, raise: Raise) -> Result<RaiseOutcome> {
        self.write_one(Lane::First, move |batch| batch.raise(&raise)).await
    }

    async fn raise_others(&self, others: Others) -> Result<Vec<Mark>> {
        let (user, now) = (others.user, others.raise.when);
        let mut seats = None;
        loop {
            let (others, read) = (others.clone(), seats.clone());
            let raised = self.write(Lane::First, move |batch| {
                let before = batch.draft.len();
                let done = batch.raise_others(&others, read.as_ref())?;
                Ok(done.then(|| batch.draft.since(before).to_vec()))
            });
            match raised.await? {
                Some(marks) => return Ok(marks),
                None => seats = Some(self.seats(Some(user), now).await?),
            }
        }
    }

    async fn expire(&self, sessions: Vec<SessionId>, now: Moment) -> Result<Vec<Mark>> {
        self.write(Lane::Rest, move |batch| {
            let before = batch.draft.len();
            sessions.into_iter().try_for_each(|id| batch.expire(id, now))?;
            Ok(batch.draft.since(before).to_vec())
        })
        .await
    }

    async fn touch(&self, seen: Vec<Seen>) -> Result<()> {
        self.write(Lane::Rest, move |batch| seen.into_iter().try_for_each(|seen| batch.touch(seen))).await
    }

    async fn session(&self, by: SessionBy, now: Moment) -> Result<Option<Found>> {
        self.read(move |reading| reading.session(by, now)).await
    }

    async fn sessions(&self, list: List) -> Result<SessionPage> {
        self.read(move |reading| reading.sessions(&list)).await
    }

    async fn unended(&self, after: u64, limit: u32, now: Moment) -> Result<Vec<Found>> {
        self.read(move |reading| reading.unended(after, limit, now)).await
    }

    async fn set_back(&self, rows: Vec<u64>, now: Moment) -> Result<()> {
        self.write(Lane::Rest, move |batch| batch.set_back(&rows, now)).await
    }

    async fn written_by(&self, now: Moment) -> Result<()> {
        self.write(Lane::Rest, move |batch| batch.written_by(now)).await
    }

    async fn why(&self, session: &Session) -> Result<Option<Mark>> {
        let session = session.clone();
        self.read(move |reading| reading.why(&session)).await
    }

    async fn marks(&self, realm: Option<RealmId>, after: Stamp, limit: u32) -> Result<MarkPage> {
        self.read(move |reading| reading.marks(realm, after, limit)).await
    }

    async fn oldest(&self) -> Result<Stamp> {
        self.read(|reading| reading.oldest()).await
    }

    async fn snapshot(&self, realm: Option<RealmId>, own: SessionMarks) -> Result<Snapshot> {
        self.read(move |reading| reading.snapshot(realm, own)).await
    }

    async fn in_force(
        &self,
        realm: Option<RealmId>,
        after: Stamp,
        upto: Stamp,
        limit: u32,
    ) -> Result<MarkPage> {
        self.read(move |reading| reading.in_force(realm, after, upto, limit)).await
    }

    async fn reserve(&self, count: u64) -> Result<u64> {
        self.write(Lane::Rest, move |batch| Ok(meta::reserve(batch.conn, count)?)).await
    }

    async fn secret(&self, fresh: [u8; 32]) -> Result<[u8; 32]> {
        self.write(Lane::Rest, move |batch| Ok(meta::secret(batch.conn, fresh)?)).await
    }

    async fn sweep(&self, now: Moment, keep_secs: u64, log_secs: u64, budget: u32) -> Result<Swept> {
        self.write(Lane::Rest, move |batch| batch.sweep(now, keep_secs, log_secs, budget)).await
    }

    async fn backup(&self, audit: AuditEntry) -> Result<Backup> {
        let one = self.backups.admit()?;
        let made_at = audit.when;
        // The audit line is on disk before the caller gets a copy.
        self.write(Lane::Rest, move |batch| batch.write_audit(Some(audit))).await?;
        self.copy(made_at, one).await
    }

    async fn recover(&self) -> Result<()> {
        self.control(Job::Recover).await
    }

    async fn close(&self) -> Result<()> {
        let closed = self.control(Job::Close).await;
        self.stop();
        closed
    }
}

impl SqliteStore {
    /// The sessions of a user, read by a reader thread.
    async fn seats(&self, user: Option<UserId>, now: Moment) -> Result<Seats> {
        let Some(user) = user else { return Ok(Seats::default()) };
        self.read(move |reading| reading.seats(user, now)).await
    }
}
