//! Recorded sessions and the log of marks: the rows of a transaction.

use std::collections::{BTreeMap, HashMap, HashSet};

use exeunt_core::{Anchor, Fingerprint, Mark, Moment, Session, SessionId, Stamp, UserId};

use crate::error::{Error, Kind, Result};
use crate::store::rules::book::Draft;
use crate::store::rules::crowds::Crowds;
use crate::store::rules::rows::{Rows, SessionRow};
use crate::store::rules::sight::Sight;
use crate::store::{Record, SessionBy};

/// Everything about sessions.
#[derive(Default)]
pub(super) struct Recorded {
    /// By row, in the order of issue.
    pub(super) sessions: BTreeMap<u64, SessionRow>,
    pub(super) ids: HashMap<SessionId, u64>,
    pub(super) tokens: HashMap<Fingerprint, u64>,
    pub(super) log: BTreeMap<u64, Mark>,
    adopted: HashSet<Fingerprint>,
    last_row: u64,
}

/// A transaction in progress.
pub(super) struct Transaction<'a> {
    pub(super) draft: Draft<'a>,
    pub(super) crowds: Crowds,
    pub(super) recorded: &'a mut Recorded,
}

impl Recorded {
    pub(super) fn find(&self, by: SessionBy) -> Option<&SessionRow> {
        let row = match by {
            SessionBy::Id(id) => self.ids.get(&id),
            SessionBy::Token(token) => self.tokens.get(&token),
        };
        self.sessions.get(row?)
    }

    /// The earliest mark above a session's stamp on any of its anchors.
    pub(super) fn first_mark(&self, session: &Session) -> Option<&Mark> {
        let above = self.log.range(session.stamp.next().number()..);
        above.map(|(_, mark)| mark).find(|mark| session.anchors.contains(&mark.anchor))
    }

    pub(super) fn remove(&mut self, row: u64) {
        if let Some(kept) = self.sessions.remove(&row) {
            self.ids.remove(&kept.record.session.id);
            self.tokens.remove(&kept.record.token);
        }
    }

    pub(super) const fn last_row(&self) -> u64 {
        self.last_row
    }

    /// Takes back what a failed transaction has written after this mark and this row. A touch cannot fail.
    pub(super) fn undo(&mut self, last: Stamp, last_row: u64) {
        self.log.split_off(&last.next().number());
        for row in last_row + 1..=self.last_row {
            if let Some(kept) = self.sessions.get(&row) {
                self.adopted.remove(&kept.record.token);
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
        Ok(self.recorded.find(by).cloned())
    }

    fn row(&mut self, row: u64) -> Result<Option<SessionRow>> {
        Ok(self.recorded.sessions.get(&row).cloned())
    }

    fn under(&mut self, user: UserId, after: u64) -> Result<Vec<SessionRow>> {
        Ok(self.recorded.of(user, after).cloned().collect())
    }

    fn count(&mut self, user: UserId, max: u32) -> Result<u32> {
        Ok(u32::try_from(self.recorded.of(user, 0).count()).unwrap_or(max).min(max))
    }

    fn first_mark(&mut self, session: &Session) -> Result<Option<Mark>> {
        Ok(self.recorded.first_mark(session).cloned())
    }

    fn was_adopted(&mut self, token: Fingerprint) -> Result<bool> {
        Ok(self.recorded.adopted.contains(&token))
    }

    fn insert(&mut self, record: &Record) -> Result<u64> {
        let (all, id, token) = (&mut *self.recorded, record.session.id, record.token);
        if all.ids.contains_key(&id) || all.tokens.contains_key(&token) {
            return Err(Error::new(Kind::Conflict("session"), "this session was issued already"));
        }
        all.last_row += 1;
        let (row, seen) = (all.last_row, record.session.issued_at);
        all.ids.insert(id, row);
        all.tokens.insert(token, row);
        all.sessions.insert(row, SessionRow { row, record: record.clone(), seen });
        Ok(row)
    }

    fn insert_adopted(&mut self, row: u64, token: Fingerprint, seen: Moment) -> Result<()> {
        self.recorded.adopted.insert(token);
        self.recorded.sessions.entry(row).and_modify(|kept| kept.seen = seen);
        Ok(())
    }

    fn touch(&mut self, row: u64, at: Moment) -> Result<()> {
        self.recorded.sessions.entry(row).and_modify(|kept| kept.seen = at);
        Ok(())
    }

    fn write(&mut self, mark: &Mark) -> Result<()> {
        self.recorded.log.insert(mark.at.number(), mark.clone());
        Ok(())
    }
}
