//! Sessions, their tokens, the log of marks.

use async_trait::async_trait;
use exeunt_core::{Anchor, Mark, Moment, RealmId, Session, SessionId, Stamp};

use super::{MemoryStore, Tables};
use crate::error::{Error, Result};
use crate::store::rules::choice::session_id;
use crate::store::rules::room::SeatsRead;
use crate::store::rules::{adopt, end, issue};
use crate::store::{
    Adopted, Adoption, AuditEntry, Found, Issued, Ledger, List, MarkPage, NewSession, Others, Position,
    Raise, RaiseOutcome, Seen, SessionBy, SessionMarks, SessionPage, Swept,
};

#[async_trait]
impl Ledger for MemoryStore {
    async fn position(&self) -> Result<Position> {
        Ok(self.state()?.position())
    }

    async fn issue(&self, new: NewSession) -> Result<Issued> {
        let mut state = self.state()?;
        let issued = state.write(|transaction| issue::issue(transaction, &new, &SeatsRead::new())?.done())?;
        state.record_audit(new.audit);
        Ok(issued)
    }

    async fn adopt(
        &self,
        sessions: Vec<Adopted>,
        now: Moment,
        audit: Option<AuditEntry>,
    ) -> Result<Vec<Adoption>> {
        let mut state = self.state()?;
        let outcomes = state
            .write(|transaction| adopt::adopt(transaction, &sessions, &SeatsRead::new(), now)?.done())?;
        state.record_audit(audit.filter(|_| outcomes.iter().any(|it| matches!(it, Adoption::Recorded(_)))));
        Ok(outcomes)
    }

    async fn raise(&self, raise: Raise) -> Result<RaiseOutcome> {
        self.state()?.write(|transaction| end::raise(transaction, &raise))
    }

    async fn raise_others(&self, others: Others) -> Result<Vec<Mark>> {
        let none = SeatsRead::new();
        self.state()?.write(|transaction| end::raise_others(transaction, &others, &none)?.done())
    }

    async fn expire(&self, sessions: Vec<SessionId>, now: Moment) -> Result<Vec<Mark>> {
        self.state()?.write(|transaction| end::expire(transaction, &sessions, now))
    }

    async fn touch(&self, seen: Vec<Seen>) -> Result<()> {
        self.state()?.write(|transaction| issue::touch(transaction, &seen))
    }

    async fn session(&self, by: SessionBy, now: Moment) -> Result<Option<Found>> {
        let state = self.state()?;
        Ok(state.recorded.find(by).map(|kept| state.found(kept, now)))
    }

    async fn sessions(&self, list: List) -> Result<SessionPage> {
        let state = self.state()?;
        let under = [&[Anchor::Realm(list.realm)], &*list.under].concat();
        let wanted = |session: &Session| {
            session.stamp >= list.floor && under.iter().all(|anchor| session.anchors.contains(anchor))
        };
        let found = state.recorded.sessions.range(..list.before).rev().map(|(_, kept)| kept);
        let found = found.filter(|kept| wanted(&kept.record.session)).take(count(list.limit));
        let found: Vec<_> = found.map(|kept| state.found(kept, list.now)).collect();
        let next = found.last().filter(|_| found.len() == count(list.limit)).map(|last| last.row);
        Ok(SessionPage { found, next })
    }

    async fn unended(&self, after: u64, limit: u32, now: Moment) -> Result<Vec<Found>> {
        let state = self.state()?;
        let found = state.recorded.sessions.range(after.saturating_add(1)..).map(|(_, kept)| kept);
        let found = found.filter(|kept| state.book.own(kept.record.session.id).is_none());
        Ok(found.take(count(limit)).map(|kept| state.found(kept, now)).collect())
    }

    async fn why(&self, session: &Session) -> Result<Option<Mark>> {
        Ok(self.state()?.recorded.first_mark(session).cloned())
    }

    async fn marks(&self, realm: Option<RealmId>, after: Stamp, limit: u32) -> Result<MarkPage> {
        let state = self.state()?;
        if after.next().number() < state.log_start {
            return Err(Error::not_found("position in the log any more"));
        }
        let of_realm = |mark: &&Mark| realm.is_none_or(|realm| mark.realm == realm);
        let all = state.recorded.log.range(after.next().number()..).map(|(_, mark)| mark);
        let marks: Vec<Mark> = all.filter(of_realm).take(count(limit)).cloned().collect();
        let full = marks.len() == count(limit);
        let stamp = marks.last().filter(|_| full).map_or(state.book.last(), |mark| mark.at);
        Ok(state.page(marks, stamp))
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
        let limit = usize::try_from(limit).unwrap_or(usize::MAX);
        let there = state.recorded.log.range(after.next().number()..).map(|(_, mark)| mark);
        let marks: Vec<_> = there
            .take_while(|mark| mark.at <= upto)
            .filter(|mark| state.is_in_force(mark, own))
            .filter(|mark| realm.is_none_or(|realm| mark.realm == realm))
            .take(limit)
            .cloned()
            .collect();
        let stamp = marks.last().filter(|_| marks.len() == limit).map_or(upto, |mark| mark.at);
        Ok(state.page(marks, stamp))
    }

    async fn reserve(&self, count: u64) -> Result<u64> {
        let mut state = self.state()?;
        let first = state.reserved + 1;
        state.reserved += count;
        Ok(first)
    }

    async fn sweep(&self, now: Moment, keep_secs: u64, log_secs: u64, budget: u32) -> Result<Swept> {
        Ok(self.state()?.sweep(now, keep_secs, log_secs, budget))
    }
}

impl Tables {
    fn position(&self) -> Position {
        Position { incarnation: self.incarnation, stamp: self.book.last() }
    }

    fn page(&self, marks: Vec<Mark>, stamp: Stamp) -> MarkPage {
        let oldest = Stamp::from_number(self.log_start.saturating_sub(1));
        MarkPage { marks, position: Position { stamp, ..self.position() }, oldest }
    }

    /// Whether this mark is in force and asked for.
    fn is_in_force(&self, mark: &Mark, own: SessionMarks) -> bool {
        let recorded = |id| own == SessionMarks::Included && self.recorded.ids.contains_key(&id);
        self.is_latest(mark) && session_id(mark.anchor).is_none_or(recorded)
    }

    /// Whether this is the mark in force on its anchor.
    pub(super) fn is_latest(&self, mark: &Mark) -> bool {
        self.book.marks().latest(mark.anchor).is_some_and(|raised| raised.at == mark.at)
    }
}

fn count(limit: u32) -> usize {
    usize::try_from(limit).unwrap_or(usize::MAX)
}
