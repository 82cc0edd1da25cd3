//! Sessions, their tokens, the log of marks.

use async_trait::async_trait;
use exeunt_core::{Anchor, Mark, Moment, RealmId, Session, SessionId, Stamp, Verdict, Why};

use super::{MemoryStore, SessionRow, Tables};
use crate::error::{Error, Kind, Result};
use crate::store::rules::book::{Draft, Ruling};
use crate::store::rules::choice::{by_itself, make_room, realm_of, session_id, spared};
use crate::store::{
    Adopted, Adoption, AuditEntry, Found, Issued, Ledger, List, MarkPage, NewSession, Others, Over, Position,
    Raise, RaiseOutcome, Record, Seen, SessionBy, SessionMarks, SessionPage, Snapshot, Swept,
    USER_SESSIONS_MAX, WrittenBy, seen_at_most,
};

#[async_trait]
impl Ledger for MemoryStore {
    fn durable(&self) -> bool {
        false
    }

    async fn position(&self) -> Result<Position> {
        Ok(self.state()?.position())
    }

    async fn issue(&self, new: NewSession) -> Result<Issued> {
        let mut state = self.state()?;
        let NewSession { record, sessions_max, audit } = new;
        if state.rows.contains_key(&record.session.id) || state.tokens.contains_key(&record.token) {
            return Err(Error::new(Kind::Conflict("session"), "this session was issued already"));
        }
        let ((), ended) = state.write(|state, draft| {
            state.make_room(draft, &record, sessions_max);
            Ok(())
        })?;
        state.record_audit(audit);
        Ok(Issued { row: state.insert(record), ended })
    }

    async fn adopt(
        &self,
        sessions: Vec<Adopted>,
        now: Moment,
        audit: Option<AuditEntry>,
    ) -> Result<Vec<Adoption>> {
        let mut state = self.state()?;
        let issued = |adopted: &Adopted| {
            state.rows.contains_key(&adopted.record.session.id)
                && !state.adopted.contains(&adopted.record.token)
        };
        if sessions.iter().any(issued) {
            return Err(Error::new(Kind::Conflict("session"), "this session was issued already"));
        }
        let outcomes: Vec<_> = sessions.into_iter().map(|adopted| state.adopt(adopted, now)).collect();
        state.record_audit(audit.filter(|_| outcomes.iter().any(|it| matches!(it, Adoption::Recorded(_)))));
        Ok(outcomes)
    }

    async fn raise(&self, raise: Raise) -> Result<RaiseOutcome> {
        let mut state = self.state()?;
        state.write(|state, draft| state.raise(draft, &raise)).map(|(outcome, _)| outcome)
    }

    async fn raise_others(&self, others: Others) -> Result<Vec<Mark>> {
        let mut state = self.state()?;
        let ((), marks) = state.write(|state, draft| state.raise_others(draft, &others))?;
        Ok(marks)
    }

    async fn expire(&self, sessions: Vec<SessionId>, now: Moment) -> Result<Vec<Mark>> {
        let mut state = self.state()?;
        let ((), marks) = state.write(|state, draft| {
            for id in sessions {
                state.expire(draft, id, now);
            }
            Ok(())
        })?;
        Ok(marks)
    }

    async fn touch(&self, seen: Vec<Seen>) -> Result<()> {
        let mut state = self.state()?;
        for seen in seen {
            state.touch(seen);
        }
        Ok(())
    }

    async fn session(&self, by: SessionBy, now: Moment) -> Result<Option<Found>> {
        let state = self.state()?;
        let row = match by {
            SessionBy::Id(id) => state.rows.get(&id),
            SessionBy::Token(print) => state.tokens.get(&print),
        };
        Ok(row.and_then(|row| Some(state.found(*row, state.sessions.get(row)?, now))))
    }

    async fn sessions(&self, list: List) -> Result<SessionPage> {
        let state = self.state()?;
        let under = [&[Anchor::Realm(list.realm)], &*list.under].concat();
        let wanted = |session: &Session| {
            session.stamp >= list.floor && under.iter().all(|anchor| session.anchors.contains(anchor))
        };
        let found = state.sessions.range(..list.before).rev();
        let found = found.filter(|(_, kept)| wanted(&kept.record.session));
        let found = found.take(count(list.limit)).map(|(row, kept)| state.found(*row, kept, list.now));
        let found: Vec<_> = found.collect();
        let next = found.last().filter(|_| found.len() == count(list.limit)).map(|last| last.row);
        Ok(SessionPage { found, next })
    }

    async fn unended(&self, after: u64, limit: u32, now: Moment) -> Result<Vec<Found>> {
        let state = self.state()?;
        let found = state.sessions.range(after.saturating_add(1)..);
        let found = found.filter(|(_, kept)| state.book.own(kept.record.session.id).is_none());
        Ok(found.take(count(limit)).map(|(row, kept)| state.found(*row, kept, now)).collect())
    }

    async fn set_back(&self, rows: Vec<u64>, now: Moment) -> Result<()> {
        let mut state = self.state()?;
        for row in rows {
            if let Some(kept) = state.sessions.get_mut(&row) {
                kept.seen = kept.seen.min(now);
            }
        }
        Ok(())
    }

    async fn written_by(&self, now: Moment) -> Result<()> {
        let mut state = self.state()?;
        state.written = WrittenBy { now, mark: state.book.last(), entry: state.last_audit };
        for kept in state.sessions.values_mut() {
            let issued_at = &mut kept.record.session.issued_at;
            *issued_at = now.min(*issued_at);
        }
        Ok(())
    }

    async fn why(&self, session: &Session) -> Result<Option<Mark>> {
        Ok(self.state()?.first_mark(session).cloned())
    }

    async fn marks(&self, realm: Option<RealmId>, after: Stamp, limit: u32) -> Result<MarkPage> {
        let state = self.state()?;
        if after.next().number() < state.log_start {
            return Err(Error::not_found("position in the log, from which older marks were deleted"));
        }
        let of_realm = |mark: &&Mark| realm.is_none_or(|realm| mark.realm == realm);
        let all = state.log.range(after.next().number()..).map(|(_, mark)| mark);
        let marks: Vec<Mark> = all.filter(of_realm).take(count(limit)).cloned().collect();
        let full = marks.len() == count(limit);
        let stamp = marks.last().filter(|_| full).map_or(state.book.last(), |mark| mark.at);
        Ok(MarkPage { marks, position: Position { stamp, ..state.position() } })
    }

    async fn oldest(&self) -> Result<Stamp> {
        Ok(Stamp::from_number(self.state()?.log_start.saturating_sub(1)))
    }

    async fn snapshot(&self, realm: Option<RealmId>, own: SessionMarks) -> Result<Snapshot> {
        let state = self.state()?;
        let in_force =
            |mark: &&Mark| state.is_in_force(mark, own) && realm.is_none_or(|realm| mark.realm == realm);
        let marks = state.log.values().filter(in_force).cloned().collect();
        Ok(Snapshot { marks, position: state.position() })
    }

    async fn in_force(
        &self,
        realm: Option<RealmId>,
        after: Stamp,
        upto: Stamp,
        limit: u32,
    ) -> Result<MarkPage> {
        let state = self.state()?;
        let limit = usize::try_from(limit).unwrap_or(usize::MAX);
        let there = state.log.range(after.next().number()..).map(|(_, mark)| mark);
        let marks: Vec<_> = there
            .take_while(|mark| mark.at <= upto)
            .filter(|mark| state.is_in_force(mark, SessionMarks::Included))
            .filter(|mark| realm.is_none_or(|realm| mark.realm == realm))
            .take(limit)
            .cloned()
            .collect();
        let stamp = marks.last().filter(|_| marks.len() == limit).map_or(upto, |mark| mark.at);
        Ok(MarkPage { marks, position: Position { stamp, ..state.position() } })
    }

    async fn reserve(&self, count: u64) -> Result<u64> {
        let mut state = self.state()?;
        let first = state.reserved + 1;
        state.reserved += count;
        Ok(first)
    }

    async fn secret(&self, fresh: [u8; 32]) -> Result<[u8; 32]> {
        Ok(*self.state()?.secret.get_or_insert(fresh))
    }

    async fn sweep(&self, now: Moment, keep_secs: u64, log_secs: u64, budget: u32) -> Result<Swept> {
        Ok(self.state()?.sweep(now, keep_secs, log_secs, budget))
    }

    async fn recover(&self) -> Result<()> {
        self.state().map(|_| ())
    }

    async fn close(&self) -> Result<()> {
        self.state()?.closed = true;
        Ok(())
    }
}

impl Tables {
    fn position(&self) -> Position {
        Position { incarnation: self.incarnation, stamp: self.book.last() }
    }

    /// Whether this mark is in force and asked for.
    fn is_in_force(&self, mark: &Mark, own: SessionMarks) -> bool {
        let recorded = |id| own == SessionMarks::Included && self.rows.contains_key(&id);
        self.is_latest(mark) && session_id(mark.anchor).is_none_or(recorded)
    }

    /// Whether this is the mark in force on its anchor.
    pub(super) fn is_latest(&self, mark: &Mark) -> bool {
        self.book.marks().latest(mark.anchor).is_some_and(|raised| raised.at == mark.at)
    }

    fn insert(&mut self, record: Record) -> u64 {
        self.last_row += 1;
        self.rows.insert(record.session.id, self.last_row);
        self.tokens.insert(record.token, self.last_row);
        let seen = record.session.issued_at;
        self.sessions.insert(self.last_row, SessionRow { record, seen });
        self.last_row
    }

    fn adopt(&mut self, adopted: Adopted, now: Moment) -> Adoption {
        let Adopted { record, seen, sessions_max } = adopted;
        let draft = self.book.draft();
        if let Some(kept) = self.tokens.get(&record.token).and_then(|row| self.sessions.get(row)) {
            let (session, seen) = (&kept.record.session, kept.seen);
            return Adoption::recorded(session, seen, draft.verdict(session, seen, now), now);
        }
        if self.adopted.contains(&record.token) {
            return Adoption::Over(Over::Forgotten);
        }
        if draft.judge(&record.session, seen, now) != Verdict::Alive {
            return Adoption::Dead;
        }
        if let Some(user) = record.session.user() {
            let alive =
                |kept: &SessionRow| draft.verdict(&kept.record.session, kept.seen, now) == Verdict::Alive;
            let others: Vec<_> =
                self.under(Anchor::User(user)).map(|(_, kept)| kept).filter(|kept| alive(kept)).collect();
            let client = record.session.client();
            let mine = others.iter().filter(|kept| kept.record.session.client() == client).count();
            if mine >= count(sessions_max) || others.len() >= count(USER_SESSIONS_MAX) {
                return Adoption::Crowded;
            }
        }
        self.adopted.insert(record.token);
        let row = self.insert(record);
        if let Some(kept) = self.sessions.get_mut(&row) {
            kept.seen = seen;
        }
        Adoption::Recorded(row)
    }

    fn make_room(&self, draft: &mut Draft<'_>, new: &Record, max: u32) {
        let now = new.session.issued_at;
        let Some(user) = new.session.user() else { return };
        if draft.judge(&new.session, now, now) != Verdict::Alive {
            return;
        }
        let alive = |kept: &SessionRow| draft.verdict(&kept.record.session, kept.seen, now) == Verdict::Alive;
        let others = self.under(Anchor::User(user)).filter(|(_, kept)| alive(kept));
        let others = others.map(|(_, kept)| (kept.record.session.clone(), kept.seen)).collect();
        let raise = by_itself(realm_of(&new.session), Why::Limit, now);
        for id in make_room(&new.session, others, max) {
            draft.append(&raise, Anchor::Session(id), Why::Limit);
        }
    }

    pub(super) fn raise(&self, draft: &mut Draft<'_>, raise: &Raise) -> Result<RaiseOutcome> {
        let Anchor::Session(id) = raise.anchor else {
            let mark = draft.append(raise, raise.anchor, raise.why);
            return Ok(RaiseOutcome { mark, was: Verdict::Alive });
        };
        let unknown = || Error::not_found("session");
        let (session, seen) = match &raise.known {
            Some((session, seen)) => (session, *seen),
            None => {
                let (_, kept) = self.row(id).ok_or_else(unknown)?;
                (&kept.record.session, seen_at_most(&kept.record.session, kept.seen, raise.when))
            }
        };
        Ok(match draft.raise_session(raise, session, seen) {
            Ruling::Raised(outcome) => outcome,
            Ruling::There(was) => {
                RaiseOutcome { mark: self.first_mark(session).cloned().ok_or_else(unknown)?, was }
            }
        })
    }

    fn raise_others(&self, draft: &mut Draft<'_>, others: &Others) -> Result<()> {
        let not_theirs = || Error::malformed("except", "the session to keep is not a session of this user");
        let (_, keep) = self.row(others.keep).ok_or_else(not_theirs)?;
        if keep.record.session.user() != Some(others.user) {
            return Err(not_theirs());
        }
        // Newest first: a parent's mark would end its children before they got their own.
        for (_, kept) in self.under(Anchor::User(others.user)).rev() {
            let session = &kept.record.session;
            let alive = draft.verdict(session, kept.seen, others.raise.when) == Verdict::Alive;
            if alive && !spared(&keep.record.session, session) {
                draft.append(&others.raise, Anchor::Session(session.id), others.raise.why);
            }
        }
        Ok(())
    }

    fn expire(&self, draft: &mut Draft<'_>, id: SessionId, now: Moment) {
        let Some((_, kept)) = self.row(id) else { return };
        let session = &kept.record.session;
        let anchor = Anchor::Session(id);
        let expired = draft.verdict(session, kept.seen, now) == Verdict::Expired;
        if expired && draft.latest(anchor).is_none() {
            draft.append(&by_itself(realm_of(session), Why::Expired, now), anchor, Why::Expired);
        }
    }

    fn touch(&mut self, seen: Seen) {
        let book = &self.book;
        let Some(kept) = self.sessions.get_mut(&seen.row) else { return };
        let session = &kept.record.session;
        let alive = book.verdict(session, kept.seen, seen.at) == Verdict::Alive;
        if session.id == seen.session && alive {
            kept.seen = kept.seen.max(seen.at);
        }
    }
}

fn count(limit: u32) -> usize {
    usize::try_from(limit).unwrap_or(usize::MAX)
}
