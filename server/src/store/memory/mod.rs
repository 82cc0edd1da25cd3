//! The reference store: plain collections behind one lock. Used by tests, and as the oracle of the contract.
//!
//! Every write checks first and changes afterwards, or undoes its changes: a refused write changes nothing. Nothing
//! survives the process.

mod directory;
mod ledger;
mod sweep;

use std::collections::{BTreeMap, HashMap, HashSet};
use std::sync::{Mutex, MutexGuard};

use exeunt_core::{Anchor, Fingerprint, Mark, Moment, Session, SessionId};

use super::rules::book::{Book, Draft};
use super::rules::round::Round;
use super::{AuditEntry, Client, Found, Incarnation, Key, Realm, Record, Usage, User, WrittenBy};
use crate::error::{Error, Result, Unavailability};
use crate::lock::Exclusive as _;

/// Everything in memory.
pub struct MemoryStore(Mutex<Tables>);

struct Tables {
    incarnation: Incarnation,
    closed: bool,
    book: Book,
    log: BTreeMap<u64, Mark>,
    log_start: u64,
    own_start: u64,
    sessions: BTreeMap<u64, SessionRow>,
    rows: HashMap<SessionId, u64>,
    tokens: HashMap<Fingerprint, u64>,
    adopted: HashSet<Fingerprint>,
    last_row: u64,
    reserved: u64,
    secret: Option<[u8; 32]>,
    round: Option<Round>,
    written: WrittenBy,
    realms: Vec<Realm>,
    users: BTreeMap<u64, User>,
    clients: Vec<Client>,
    keys: Vec<Key>,
    audit: BTreeMap<u64, AuditEntry>,
    last_audit: u64,
    usage: Vec<Usage>,
}

struct SessionRow {
    record: Record,
    seen: Moment,
}

impl MemoryStore {
    /// An empty store.
    pub fn new(incarnation: Incarnation) -> Self {
        Self(Mutex::new(Tables {
            incarnation,
            closed: false,
            book: Book::default(),
            log: BTreeMap::new(),
            log_start: 1,
            own_start: 1,
            sessions: BTreeMap::new(),
            rows: HashMap::new(),
            tokens: HashMap::new(),
            adopted: HashSet::new(),
            last_row: 0,
            reserved: 0,
            secret: None,
            round: None,
            written: WrittenBy::default(),
            realms: Vec::new(),
            users: BTreeMap::new(),
            clients: Vec::new(),
            keys: Vec::new(),
            audit: BTreeMap::new(),
            last_audit: 0,
            usage: Vec::new(),
        }))
    }

    /// Opens a closed store again with all its content, as a restart does for a store on disk.
    pub fn reopen(&self) {
        self.0.hold().closed = false;
    }

    fn state(&self) -> Result<MutexGuard<'_, Tables>> {
        let state = self.0.hold();
        if state.closed {
            return Err(Error::unavailable(Unavailability::Refused).because("the store is closed"));
        }
        Ok(state)
    }
}

impl Tables {
    /// Runs a transaction: its draft is committed if it succeeds.
    fn write<T>(&mut self, work: impl FnOnce(&Self, &mut Draft<'_>) -> Result<T>) -> Result<(T, Vec<Mark>)> {
        let mut draft = self.book.draft();
        let done = work(self, &mut draft)?;
        let log = draft.into_log();
        self.book.commit(&log);
        self.log.extend(log.iter().map(|mark| (mark.at.number(), mark.clone())));
        Ok((done, log))
    }

    fn record_audit(&mut self, entry: Option<AuditEntry>) {
        if let Some(entry) = entry {
            self.last_audit += 1;
            self.audit.insert(self.last_audit, AuditEntry { place: self.last_audit, ..entry });
        }
    }

    fn row(&self, id: SessionId) -> Option<(u64, &SessionRow)> {
        let row = *self.rows.get(&id)?;
        Some((row, self.sessions.get(&row)?))
    }

    /// Recorded sessions under this anchor, oldest first.
    fn under(&self, anchor: Anchor) -> impl DoubleEndedIterator<Item = (u64, &SessionRow)> {
        let hangs = move |kept: &&SessionRow| kept.record.session.anchors.contains(&anchor);
        self.sessions.iter().filter(move |(_, kept)| hangs(kept)).map(|(row, kept)| (*row, kept))
    }

    fn found(&self, row: u64, kept: &SessionRow, now: Moment) -> Found {
        let verdict = self.book.verdict(&kept.record.session, kept.seen, now);
        Found { record: kept.record.clone(), row, seen: kept.seen, verdict }
    }

    /// The earliest mark above a session's stamp on any of its anchors.
    fn first_mark(&self, session: &Session) -> Option<&Mark> {
        let above = self.log.range(session.stamp.next().number()..);
        above.map(|(_, mark)| mark).find(|mark| session.anchors.contains(&mark.anchor))
    }
}
