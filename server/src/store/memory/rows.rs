//! The rows of a transaction.

use exeunt_core::{Anchor, Fingerprint, Mark, Moment, Session, SessionId, Stamp, UserId};

use super::Tables;
use crate::error::{Error, Kind, Result};
use crate::store::rules::book::{Book, Draft};
use crate::store::rules::crowds::Crowds;
use crate::store::rules::rows::{Rows, SessionRow};
use crate::store::rules::sight::Sight;
use crate::store::{AuditEntry, Generation, Record, SessionBy};

/// A transaction in progress.
pub(super) struct Transaction<'a> {
    pub(super) tables: &'a mut Tables,
    pub(super) forgotten: Vec<SessionId>,
    draft: Draft<'a>,
    crowds: Crowds,
}

impl<'a> Transaction<'a> {
    pub(super) fn begin(book: &'a Book, tables: &'a mut Tables) -> Self {
        Self { tables, forgotten: Vec::new(), draft: book.draft(), crowds: Crowds::default() }
    }

    /// The marks that it has raised, and the sessions whose own marks it has taken out of force.
    pub(super) fn end(self) -> (Vec<Mark>, Vec<SessionId>) {
        (self.draft.into_log(), self.forgotten)
    }
}

impl Tables {
    pub(super) fn find(&self, by: SessionBy) -> Option<&SessionRow> {
        let row = match by {
            SessionBy::Id(id) => self.ids.get(&id),
            SessionBy::Token(token) => self.tokens.get(&token),
        };
        self.sessions.get(row?)
    }

    pub(super) fn first_mark(&self, session: &Session) -> Option<&Mark> {
        let above = self.log.range(session.stamp.next().number()..);
        above.map(|(_, mark)| mark).find(|mark| session.anchors.contains(&mark.anchor))
    }

    pub(super) fn remove(&mut self, row: u64) {
        if let Some(kept) = self.sessions.remove(&row) {
            self.ids.remove(&kept.record.session.id);
            if let Some(token) = kept.record.token {
                self.tokens.remove(&token);
            }
            self.soles.retain(|_, sole| *sole != row);
        }
    }

    /// The last session, the last user, and how many clients there are.
    pub(super) fn ends(&self) -> (u64, u64, usize) {
        (self.last_row, self.users.last_key_value().map_or(0, |(last, _)| *last), self.clients.len())
    }

    /// Takes back what a failed transaction has added after this mark and behind these ends. Nothing fails after any other
    /// change.
    pub(super) fn undo(&mut self, last: Stamp, (last_row, last_user, clients): (u64, u64, usize)) {
        self.log.split_off(&last.next().number());
        self.users.split_off(&(last_user + 1));
        self.clients.truncate(clients);
        for row in last_row + 1..=self.last_row {
            if let Some(token) = self.sessions.get(&row).and_then(|kept| kept.record.token) {
                self.adopted.remove(&token);
            }
            self.remove(row);
        }
        self.last_row = last_row;
    }

    fn of(&self, user: UserId, after: u64) -> impl Iterator<Item = &SessionRow> {
        let rows = self.sessions.range(after.saturating_add(1)..).map(|(_, kept)| kept);
        rows.filter(move |kept| kept.record.session.anchors.contains(&Anchor::User(user)))
    }
}

impl<'a> Rows<'a> for Transaction<'a> {
    const DURABLE: bool = false;
    const READ_MAX: u32 = u32::MAX;

    fn draft(&mut self) -> &mut Draft<'a> {
        &mut self.draft
    }

    fn crowds(&mut self) -> (&mut Crowds, Sight<'_>) {
        (&mut self.crowds, Sight { draft: &self.draft, touches: &() })
    }

    fn session(&mut self, by: SessionBy) -> Result<Option<SessionRow>> {
        Ok(self.tables.find(by).cloned())
    }

    fn row(&mut self, row: u64) -> Result<Option<SessionRow>> {
        Ok(self.tables.sessions.get(&row).cloned())
    }

    fn is_recorded(&mut self, id: SessionId) -> Result<bool> {
        Ok(self.tables.ids.contains_key(&id))
    }

    fn under(&mut self, user: UserId, after: u64) -> Result<Vec<SessionRow>> {
        Ok(self.tables.of(user, after).cloned().collect())
    }

    fn count(&mut self, user: UserId, max: u32) -> Result<u32> {
        Ok(u32::try_from(self.tables.of(user, 0).count()).unwrap_or(max).min(max))
    }

    fn first_mark(&mut self, session: &Session) -> Result<Option<Mark>> {
        Ok(self.tables.first_mark(session).cloned())
    }

    fn was_adopted(&mut self, token: Fingerprint) -> Result<bool> {
        Ok(self.tables.adopted.contains(&token))
    }

    fn insert(&mut self, record: &Record) -> Result<u64> {
        let (all, id, token) = (&mut *self.tables, record.session.id, record.token);
        if all.ids.contains_key(&id) || token.is_some_and(|token| all.tokens.contains_key(&token)) {
            return Err(Error::new(Kind::Conflict("session"), "this session was issued already"));
        }
        all.last_row += 1;
        let (row, seen) = (all.last_row, record.session.issued_at);
        all.ids.insert(id, row);
        all.tokens.extend(token.map(|token| (token, row)));
        all.sessions.insert(row, SessionRow { row, record: record.clone(), seen, generation: None });
        Ok(row)
    }

    fn insert_adopted(&mut self, row: u64, token: Fingerprint, seen: Moment) -> Result<()> {
        self.tables.adopted.insert(token);
        self.touch(row, seen)
    }

    fn touch(&mut self, row: u64, at: Moment) -> Result<()> {
        self.tables.sessions.entry(row).and_modify(|kept| kept.seen = at);
        Ok(())
    }

    fn put_generation(&mut self, row: u64, generation: &Generation) -> Result<()> {
        self.tables.sessions.entry(row).and_modify(|kept| kept.generation = Some(generation.clone()));
        Ok(())
    }

    fn sole(&mut self, key: Fingerprint) -> Result<Option<u64>> {
        Ok(self.tables.soles.get(&key).copied())
    }

    fn put_sole(&mut self, key: Fingerprint, row: u64) -> Result<()> {
        self.tables.soles.insert(key, row);
        Ok(())
    }

    fn write(&mut self, mark: &Mark) -> Result<()> {
        self.tables.log.insert(mark.at.number(), mark.clone());
        Ok(())
    }

    fn write_audit(&mut self, entry: Option<AuditEntry>) -> Result<()> {
        let place = self.tables.last_audit + 1;
        if let Some(entry) = entry {
            self.tables.last_audit = place;
            self.tables.audit.insert(place, AuditEntry { place, ..entry });
        }
        Ok(())
    }
}
