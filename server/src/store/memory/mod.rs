//! The reference store: plain collections behind one lock. Used by tests, and as the oracle of the contract.
//!
//! A refused write changes nothing. Nothing survives the process.

mod accounts;
mod consents;
mod directory;
mod ledger;
mod rows;
mod sweep;
mod upkeep;

use std::collections::{BTreeMap, HashMap, HashSet};
use std::sync::{Mutex, MutexGuard};

use exeunt_core::{Fingerprint, Mark, RealmId, SessionId};

use self::rows::Transaction;
use super::rules::book::Book;
use super::rules::rows::SessionRow;
use super::rules::sweep::Progress;
use super::{AuditEntry, Client, Consent, Incarnation, Key, Realm, Usage, User, WrappedKey};
use crate::error::{Error, Result, Unavailability};
use crate::lock::Exclusive as _;

/// Everything in memory.
pub struct MemoryStore(Mutex<MemoryState>);

struct MemoryState {
    incarnation: Incarnation,
    is_closed: bool,
    book: Book,
    tables: Tables,
}

/// All rows.
#[derive(Default)]
struct Tables {
    /// By row, in the order of issue.
    sessions: BTreeMap<u64, SessionRow>,
    ids: HashMap<SessionId, u64>,
    tokens: HashMap<Fingerprint, u64>,
    adopted: HashSet<Fingerprint>,
    soles: HashMap<Fingerprint, u64>,
    last_row: u64,
    log: BTreeMap<u64, Mark>,
    progress: Progress,
    reserved: u64,
    secret: Option<[u8; 32]>,
    realms: Vec<Realm>,
    users: BTreeMap<u64, User>,
    clients: Vec<Client>,
    keys: Vec<Key>,
    /// By version.
    consents: BTreeMap<u64, Consent>,
    last_consent: u64,
    sealing: BTreeMap<(RealmId, u32), WrappedKey>,
    audit: BTreeMap<u64, AuditEntry>,
    last_audit: u64,
    usage: Vec<Usage>,
}

impl MemoryStore {
    /// An empty store.
    pub fn new(incarnation: Incarnation) -> Self {
        let (book, tables) = (Book::default(), Tables::default());
        Self(Mutex::new(MemoryState { incarnation, is_closed: false, book, tables }))
    }

    /// Opens a closed store again with all its content, as a restart does for a store on disk.
    pub fn reopen(&self) {
        self.0.hold().is_closed = false;
    }

    fn state(&self) -> Result<MutexGuard<'_, MemoryState>> {
        let state = self.0.hold();
        if state.is_closed {
            return Err(Error::unavailable(Unavailability::Refused).because("the store is closed"));
        }
        Ok(state)
    }

    /// Runs a transaction: it is undone if it fails.
    fn write<T>(&self, work: impl FnOnce(&mut Transaction<'_>) -> Result<T>) -> Result<T> {
        let mut state = self.state()?;
        let MemoryState { book, tables, .. } = &mut *state;
        let ends = tables.ends();
        let mut transaction = Transaction::begin(book, tables);
        let done = work(&mut transaction);
        let (log, forgotten) = transaction.end();
        match done {
            Ok(_) => {
                book.commit(&log);
                forgotten.into_iter().for_each(|id| book.forget(id));
            }
            Err(_) => tables.undo(book.last(), ends),
        }
        done
    }
}

fn count(limit: u32) -> usize {
    usize::try_from(limit).unwrap_or(usize::MAX)
}
