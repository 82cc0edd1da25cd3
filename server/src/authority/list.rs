//! Lists of sessions: newest first, stable under inserts, with last-seen taken from memory.

use exeunt_core::{Anchor, ClientId, Mark, Moment, RealmId, SessionId, Stamp, UserId, Verdict};

use crate::authority::Authority;
use crate::error::{Error, Result};
use crate::store::{Found, List, Record, SessionBy};

/// The size of a page, in sessions.
pub const PAGE_SESSIONS: u32 = 100;
/// The most rows read for one page: with a filter, a page may be short although another follows.
const PAGE_ROWS_MAX: u32 = 2_000;

/// Which sessions to list.
#[derive(Clone, Copy, Debug)]
pub struct Wanted {
    /// Only sessions of this user.
    pub user: Option<UserId>,
    /// Only sessions of this client.
    pub client: Option<ClientId>,
    /// Only sessions in this state.
    pub state: SessionState,
    /// Only rows before this one; `u64::MAX`: begin with the newest.
    pub before: u64,
}

/// Dead or alive.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SessionState {
    /// Only living sessions.
    Alive,
    /// Only dead sessions, while they are kept.
    Dead,
    /// Both.
    All,
}

/// A session in a list.
#[derive(Clone, Debug)]
pub struct Listed {
    /// The session.
    pub record: Record,
    /// When it was last seen.
    pub seen: Moment,
    /// Its state.
    pub verdict: Verdict,
    /// The mark that ended it.
    pub ended_by: Option<Mark>,
}

/// A page of a list.
#[derive(Clone, Debug)]
pub struct Page {
    /// Newest first.
    pub sessions: Vec<Listed>,
    /// Where the next page begins, if there is one.
    pub next: Option<u64>,
}

impl Authority {
    /// A page of the sessions of a realm.
    ///
    /// # Errors
    /// `Unavailable`.
    pub async fn list(&self, realm: RealmId, wanted: Wanted, now: Moment) -> Result<Page> {
        let under: Vec<_> =
            wanted.user.map(Anchor::User).into_iter().chain(wanted.client.map(Anchor::Client)).collect();
        let floor = match wanted.state {
            SessionState::Alive => self.memory.floor(&[&[Anchor::Realm(realm)], under.as_slice()].concat()),
            SessionState::Dead | SessionState::All => Stamp::ZERO,
        };
        let mut page = Page { sessions: Vec::new(), next: Some(wanted.before) };
        let mut rows = 0;
        while let Some(before) = page.next
            && rows < PAGE_ROWS_MAX
        {
            let list = List { realm, under: under.clone(), before, floor, limit: PAGE_SESSIONS, now };
            let step = self.settle(self.store.sessions(list).await)?;
            rows += PAGE_SESSIONS;
            page.next = step.next;
            for found in step.found {
                let (seen, verdict) = self.seen_and_verdict(&found, now);
                if !wanted.state.admits(verdict) {
                    continue;
                }
                if page.sessions.len() == PAGE_SESSIONS as usize {
                    // The page is full: the next one begins with this session.
                    page.next = Some(found.row + 1);
                    return Ok(page);
                }
                page.sessions.push(self.listed(found.record, seen, verdict).await?);
            }
        }
        Ok(page)
    }

    /// One session of a realm, dead or alive.
    ///
    /// # Errors
    /// `NotFound`, `Unavailable`.
    pub async fn session(&self, realm: RealmId, id: SessionId, now: Moment) -> Result<Listed> {
        let found = self.settle(self.store.session(SessionBy::Id(id), now).await)?;
        let found = found.filter(|found| found.record.session.realm() == Some(realm));
        let found = found.ok_or_else(|| Error::not_found("session"))?;
        let (seen, verdict) = self.seen_and_verdict(&found, now);
        self.listed(found.record, seen, verdict).await
    }

    /// When a recorded session was last seen, and its state: memory is more recent than the store.
    pub(super) fn seen_and_verdict(&self, found: &Found, now: Moment) -> (Moment, Verdict) {
        match self.memory.find_by_id(found.record.session.id) {
            Some(live) => (live.seen(), self.memory.judge(&live, now)),
            None => (found.seen, found.verdict),
        }
    }

    async fn listed(&self, record: Record, seen: Moment, verdict: Verdict) -> Result<Listed> {
        let ended_by = match verdict {
            Verdict::Ended(_) => self.settle(self.store.why(&record.session).await)?,
            Verdict::Alive | Verdict::Expired => None,
        };
        Ok(Listed { record, seen, verdict, ended_by })
    }
}

impl SessionState {
    fn admits(self, verdict: Verdict) -> bool {
        match self {
            Self::Alive => verdict == Verdict::Alive,
            Self::Dead => verdict != Verdict::Alive,
            Self::All => true,
        }
    }
}
