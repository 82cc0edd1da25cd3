//! Parses an operator's store URL and opens the store.

use std::fmt;
use std::path::PathBuf;
use std::str::FromStr;
use std::sync::Arc;

use super::memory::MemoryStore;
use super::sqlite::{SqliteOptions, SqliteStore};
use super::{Incarnation, Store};
use crate::error::{Error, Result};

/// Which store, and where: `sqlite:path/to/exeunt.db` or `memory:`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum StoreUrl {
    /// A file of the embedded store.
    Sqlite(PathBuf),
    /// In memory: nothing survives the process. For trying things out.
    Memory,
}

/// What to do with a store that the demonstration made: its passwords are public.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Demo {
    /// Record permanently that the demonstration made this store.
    Made,
    /// Accept it: the operator allowed it.
    Allowed,
    /// Refuse it.
    Refused,
}

/// Opens the store, and creates it if it does not exist. A new one gets this incarnation. Blocks until the marks in
/// force are in memory.
///
/// # Errors
/// `Unavailable`, with a public text for the operator that names the file and what to do.
pub fn open(url: &StoreUrl, incarnation: Incarnation) -> Result<Arc<dyn Store>> {
    Ok(match url {
        StoreUrl::Sqlite(path) => Arc::new(SqliteStore::open(SqliteOptions::new(path.clone(), incarnation))?),
        StoreUrl::Memory => Arc::new(MemoryStore::new(incarnation)),
    })
}

/// Opens the store of a server, as [`open`] does. A store in memory ends with its process, so it is never one that the
/// demonstration left.
///
/// # Errors
/// As [`open`]; `Malformed("store")` if the demonstration made the store and that is refused.
pub async fn open_to_serve(url: &StoreUrl, incarnation: Incarnation, demo: Demo) -> Result<Arc<dyn Store>> {
    let StoreUrl::Sqlite(path) = url else { return open(url, incarnation) };
    let store = SqliteStore::open(SqliteOptions::new(path.clone(), incarnation))?;
    match demo {
        Demo::Made => store.set_demo().await?,
        Demo::Refused if store.is_demo().await? => {
            return Err(Error::malformed(
                "store",
                format!(
                    "{url} was made by `exeunt demo`: its passwords are known to everybody. Take another store, or say --allow-demo-store"
                ),
            ));
        }
        Demo::Refused | Demo::Allowed => {}
    }
    Ok(Arc::new(store))
}

impl FromStr for StoreUrl {
    type Err = Error;

    fn from_str(text: &str) -> Result<Self> {
        match text.split_once(':') {
            Some(("memory", "")) => Ok(Self::Memory),
            Some(("sqlite", path)) if !path.is_empty() => Ok(Self::Sqlite(path.into())),
            Some(("sqlite", _)) => {
                Err(Error::malformed("store", "sqlite: needs a path, such as sqlite:data/exeunt.db"))
            }
            _ => Err(Error::malformed(
                "store",
                format!("{text:?} names no store; write sqlite:path/to/exeunt.db or memory:"),
            )),
        }
    }
}

impl fmt::Display for StoreUrl {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Sqlite(path) => write!(f, "sqlite:{}", path.display()),
            Self::Memory => f.write_str("memory:"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_url_reads_back_what_it_writes() {
        for text in ["sqlite:data/exeunt.db", "sqlite:/var/lib/a:b.db", "memory:"] {
            assert_eq!(text.parse::<StoreUrl>().map(|url| url.to_string()).ok().as_deref(), Some(text));
        }
    }

    #[test]
    fn other_texts_are_refused_with_what_to_write_instead() {
        for text in ["", "sqlite:", "memory", "memory:x", "postgres://db", "exeunt.db"] {
            let error = text.parse::<StoreUrl>().err();
            assert!(error.is_some_and(|error| error.public().contains("sqlite:")), "{text}");
        }
    }
}
