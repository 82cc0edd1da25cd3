//! Where the store of a history is: a restart finds there what was written before.

use std::sync::Arc;

use exeunt::store::memory::MemoryStore;
use exeunt::store::sqlite::{SqliteOptions, SqliteStore};
use exeunt::store::{Incarnation, Store};

use crate::scratch::Scratch;

const INCARNATION: Incarnation = Incarnation([7; 16]);

pub(crate) enum Place {
    Memory(Arc<MemoryStore>),
    File(Scratch),
}

impl Place {
    pub(crate) fn memory() -> Self {
        Self::Memory(Arc::new(MemoryStore::new(INCARNATION)))
    }

    pub(crate) fn file() -> Self {
        Self::File(Scratch::new())
    }

    /// Opens the store. Whoever had it open before must have dropped it.
    pub(crate) fn open(&self) -> Arc<dyn Store> {
        match self {
            Self::Memory(store) => store.clone(),
            Self::File(folder) => {
                let path = folder.path().join("exeunt.db");
                Arc::new(SqliteStore::open(SqliteOptions::new(path, INCARNATION)).unwrap())
            }
        }
    }
}
