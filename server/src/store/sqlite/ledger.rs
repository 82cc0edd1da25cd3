//! Sessions, their tokens, the log of marks: runs each call on the right thread.

use std::sync::Arc;

use async_trait::async_trait;
use exeunt_core::{Mark, Moment, RealmId, Session, SessionId, Stamp};

use super::batch::Batch;
use super::queue::Lane;
use super::{SqliteStore, meta};
use crate::error::Result;
use crate::store::rules::room::{Decided, SeatsRead};
use crate::store::rules::{adopt, end, issue, sweep, turn};
use crate::store::{
    Adopted, Adoption, AuditEntry, Found, Issued, Ledger, List, MarkPage, NewSession, Others, Position,
    Raise, RaiseOutcome, Seen, SessionBy, SessionMarks, SessionPage, Swept, Turn, Turned,
};

#[async_trait]
impl Ledger for SqliteStore {
    async fn position(&self) -> Result<Position> {
        self.shared.check()?;
        Ok(self.shared.position())
    }

    async fn issue(&self, new: NewSession) -> Result<Issued> {
        self.decide(Lane::Rest, new.record.session.issued_at, move |batch, read| {
            issue::issue(batch, &new, read)
        })
        .await
    }

    async fn adopt(
        &self,
        sessions: Vec<Adopted>,
        now: Moment,
        audit: Option<AuditEntry>,
    ) -> Result<Vec<Adoption>> {
        self.decide(Lane::Rest, now, move |batch, read| {
            adopt::adopt(batch, &sessions, read, now, audit.as_ref())
        })
        .await
    }

    async fn turn(&self, turn: Turn) -> Result<Turned> {
        self.write(Lane::Rest, move |batch| turn::turn(batch, &turn)).await
    }

    async fn raise(&self, raise: Raise) -> Result<RaiseOutcome> {
        self.write_one(Lane::First, move |batch| end::raise(batch, &raise)).await
    }

    async fn raise_others(&self, others: Others) -> Result<Vec<Mark>> {
        let now = others.raise.when;
        self.decide(Lane::First, now, move |batch, read| end::raise_others(batch, &others, read)).await
    }

    async fn expire(&self, sessions: Vec<SessionId>, now: Moment) -> Result<Vec<Mark>> {
        self.write(Lane::Rest, move |batch| end::expire(batch, &sessions, now)).await
    }

    async fn touch(&self, seen: Vec<Seen>) -> Result<()> {
        self.write(Lane::Rest, move |batch| issue::touch(batch, &seen)).await
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

    async fn why(&self, session: &Session) -> Result<Option<Mark>> {
        let session = session.clone();
        self.read(move |reading| reading.why(&session)).await
    }

    async fn marks(&self, realm: Option<RealmId>, after: Stamp, limit: u32) -> Result<MarkPage> {
        self.read(move |reading| reading.marks(realm, after, limit)).await
    }

    async fn in_force(
        &self,
        realm: Option<RealmId>,
        own: SessionMarks,
        after: Stamp,
        upto: Stamp,
        limit: u32,
    ) -> Result<MarkPage> {
        self.read(move |reading| reading.in_force(realm, own, after, upto, limit)).await
    }

    async fn reserve(&self, count: u64) -> Result<u64> {
        self.write(Lane::Rest, move |batch| Ok(meta::reserve(batch.conn, count)?)).await
    }

    async fn sweep(&self, now: Moment, keep_secs: u64, log_secs: u64, budget: u32) -> Result<Swept> {
        self.write(Lane::Rest, move |batch| sweep::sweep(batch, now, keep_secs, log_secs, budget)).await
    }
}

impl SqliteStore {
    /// Runs a decision. Reader threads first read the sessions of the users that it has to know.
    async fn decide<T: Send + 'static>(
        &self,
        lane: Lane,
        now: Moment,
        decision: impl Fn(&mut Batch<'_>, &SeatsRead) -> Result<Decided<T>> + Send + Sync + 'static,
    ) -> Result<T> {
        let decision = Arc::new(decision);
        let mut read = Arc::new(SeatsRead::new());
        loop {
            let (decision, known) = (decision.clone(), read.clone());
            let decided = self.write(lane, move |batch| {
                batch.count_read(&known);
                decision(batch, &known)
            });
            match decided.await? {
                Decided::Done(done) => return Ok(done),
                // Once these are read, no user's sessions are unknown.
                Decided::Unread(users) => {
                    for user in users {
                        let seats = self.read(move |reading| reading.seats(user, now)).await?;
                        Arc::make_mut(&mut read).insert(user, seats);
                    }
                }
            }
        }
    }
}
