//! The reference store: plain collections behind one lock. Used by tests, and as the oracle of the contract.
//!
//! Every write checks first and changes afterwards, or undoes its changes: a refused write changes nothing. Nothing
//! survives the process.

mod directory;
mod ledger;
mod rows;
mod sweep;
mod upkeep;

use std::collections::BTreeMap;
use std::sync::{Mutex, MutexGuard};

use exeunt_core::Moment;

use self::rows::{Recorded, Transaction};
use super::rules::book::Book;
use super::rules::crowds::Crowds;
use super::rules::round::Round;
use super::rules::rows::SessionRow;
use super::{AuditEntry, Client, Found, Incarnation, Key, Realm, Usage, User, WrittenBy};
use crate::error::{Error, Result, Unavailability};
use crate::lock::Exclusive as _;

/// Everything in memory.
pub struct MemoryStore(Mutex<Tables>);

struct Tables {
    incarnation: Incarnation,
    closed: bool,
    book: Book,
    recorded: Recorded,
    log_start: u64,
    own_start: u64,
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

impl MemoryStore {
    /// An empty store.
    pub fn new(incarnation: Incarnation) -> Self {
        Self(Mutex::new(Tables {
            incarnation,
            closed: false,
            book: Book::default(),
            recorded: Recorded::default(),
            log_start: 1,
            own_start: 1,
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
    /// Runs a transaction: it is undone if it fails.
    fn write<T>(&mut self, work: impl FnOnce(&mut Transaction<'_>) -> Result<T>) -> Result<T> {
        let last_row = self.recorded.last_row();
        let (draft, crowds) = (self.book.draft(), Crowds::default());
        let mut transaction = Transaction { draft, crowds, recorded: &mut self.recorded };
        let done = work(&mut transaction);
        let log = transaction.draft.into_log();
        match done {
            Ok(_) => self.book.commit(&log),
            Err(_) => self.recorded.undo(self.book.last(), last_row),
        }
        done
    }

    fn record_audit(&mut self, entry: Option<AuditEntry>) {
        if let Some(entry) = entry {
            self.last_audit += 1;
            self.audit.insert(self.last_audit, AuditEntry { place: self.last_audit, ..entry });
        }
    }

    fn found(&self, kept: &SessionRow, now: Moment) -> Found {
        let SessionRow { row, record, seen } = kept.clone();
        let verdict = self.book.verdict(&record.session, seen, now);
        Found { record, row, seen, verdict }
    }
}
