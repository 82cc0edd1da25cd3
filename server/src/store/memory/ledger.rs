//! Sessions, their tokens, the log of marks.

use async_trait::async_trait;
use exeunt_core::{Mark, Moment, RealmId, Session, SessionId, Stamp};

use super::{MemoryState, MemoryStore, count};
use crate::error::{Error, Result};
use crate::store::rules::choice::{is_listed, session_id};
use crate::store::rules::room::SeatsRead;
use crate::store::rules::{adopt, end, issue, sweep, turn};
use crate::store::{
    Adopted, Adoption, AuditEntry, Found, Issued, Ledger, List, MarkPage, NewSession, Others, Position,
    Raise, RaiseOutcome, Seen, SessionBy, SessionMarks, SessionPage, Swept, Turn, Turned,
};

#[async_trait]
impl Ledger for MemoryStore {
    async fn position(&self) -> Result<Position> {
        Ok(self.state()?.position())
    }

    async fn issue(&self, new: NewSession) -> Result<Issued> {
        self.write(|rows| issue::issue(rows, &new, &SeatsRead::new())?.done())
    }

    async fn adopt(
        &self,
        sessions: Vec<Adopted>,
        now: Moment,
        audit: Option<AuditEntry>,
    ) -> Result<Vec<Adoption>> {
        self.write(|rows| adopt::adopt(rows, &sessions, &SeatsRead::new(), now, audit.as_ref())?.done())
    }

    async fn turn(&self, turn: Turn) -> Result<Turned> {
        self.write(|rows| turn::turn(rows, &turn))
    }

    async fn raise(&self, raise: Raise) -> Result<RaiseOutcome> {
        self.write(|rows| end::raise(rows, &raise))
    }

    async fn raise_others(&self, others: Others) -> Result<Vec<Mark>> {
        self.write(|rows| end::raise_others(rows, &others, &SeatsRead::new())?.done())
    }

    async fn expire(&self, sessions: Vec<SessionId>, now: Moment) -> Result<Vec<Mark>> {
        self.write(|rows| end::expire(rows, &sessions, now))
    }

    async fn touch(&self, seen: Vec<Seen>) -> Result<()> {
        self.write(|rows| issue::touch(rows, &seen))
    }

    async fn session(&self, by: SessionBy, now: Moment) -> Result<Option<Found>> {
        let MemoryState { book, tables, .. } = &*self.state()?;
        Ok(tables.find(by).map(|kept| book.found(kept.clone(), now)))
    }

    async fn sessions(&self, list: List) -> Result<SessionPage> {
        let MemoryState { book, tables, .. } = &*self.state()?;
        let found = tables.sessions.range(..list.before).rev().map(|(_, kept)| kept);
        let found = found.filter(|kept| is_listed(&list, &kept.record.session)).take(count(list.limit));
        let found: Vec<_> = found.map(|kept| book.found(kept.clone(), list.now)).collect();
        let next = found.last().filter(|_| found.len() == count(list.limit)).map(|last| last.row);
        Ok(SessionPage { found, next })
    }

    async fn unended(&self, after: u64, limit: u32, now: Moment) -> Result<Vec<Found>> {
        let MemoryState { book, tables, .. } = &*self.state()?;
        let found = tables.sessions.range(after.saturating_add(1)..).map(|(_, kept)| kept);
        let found = found.filter(|kept| book.own(kept.record.session.id).is_none());
        Ok(found.take(count(limit)).map(|kept| book.found(kept.clone(), now)).collect())
    }

    async fn why(&self, session: &Session) -> Result<Option<Mark>> {
        Ok(self.state()?.tables.first_mark(session).cloned())
    }

    async fn marks(&self, realm: Option<RealmId>, after: Stamp, limit: u32) -> Result<MarkPage> {
        let state = self.state()?;
        if after.next().number() < state.tables.progress.log_start {
            return Err(Error::not_found("position in the log, from which older marks were deleted"));
        }
        Ok(state.page(realm, after, state.book.last(), limit, |_| true))
    }

    async fn in_force(
        &self,
        realm: Option<RealmId>,
        own: SessionMarks,
        after: Stamp,
        upto: Stamp,
        limit: u32,
    ) -> Result<MarkPage> {
        let state = self.state()?;
        let recorded = |id| own == SessionMarks::Included && state.tables.ids.contains_key(&id);
        let is_latest = |mark: &Mark| state.book.latest(mark.anchor) == Some(mark.at);
        let wanted = |mark: &Mark| is_latest(mark) && session_id(mark.anchor).is_none_or(recorded);
        Ok(state.page(realm, after, upto, limit, wanted))
    }

    async fn reserve(&self, count: u64) -> Result<u64> {
        let reserved = &mut self.state()?.tables.reserved;
        *reserved += count;
        Ok(*reserved - count + 1)
    }

    async fn sweep(&self, now: Moment, keep_secs: u64, log_secs: u64, budget: u32) -> Result<Swept> {
        self.write(|rows| sweep::sweep(rows, now, keep_secs, log_secs, budget))
    }
}

impl MemoryState {
    fn position(&self) -> Position {
        Position { incarnation: self.incarnation, stamp: self.book.last() }
    }

    /// The marks wanted in a part of the log, and how far they reach.
    fn page(
        &self,
        realm: Option<RealmId>,
        after: Stamp,
        upto: Stamp,
        limit: u32,
        wanted: impl Fn(&Mark) -> bool,
    ) -> MarkPage {
        let marks = self.tables.log.range(after.next().number()..).map(|(_, mark)| mark);
        let marks = marks.take_while(|mark| mark.at <= upto).filter(|mark| wanted(mark));
        let marks = marks.filter(|mark| realm.is_none_or(|realm| mark.realm == realm)).take(count(limit));
        let marks: Vec<Mark> = marks.cloned().collect();
        let stamp = marks.last().filter(|_| marks.len() == count(limit)).map_or(upto, |mark| mark.at);
        let oldest = Stamp::from_number(self.tables.progress.log_start.saturating_sub(1));
        MarkPage { marks, position: Position { stamp, ..self.position() }, oldest }
    }
}
