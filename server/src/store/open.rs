//! Opening a store by its address.

use std::fmt;
use std::str::FromStr;
use std::sync::Arc;

use crate::error::{Error, Result};
use crate::store::memory::MemoryStore;
use crate::store::{Incarnation, Store};

/// Where everything is kept.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct StoreUrl(String);

impl FromStr for StoreUrl {
    type Err = Error;

    fn from_str(text: &str) -> Result<Self> {
        Ok(Self(text.to_owned()))
    }
}

impl fmt::Display for StoreUrl {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// Opens it.
pub fn open(_url: &StoreUrl, incarnation: Incarnation) -> Result<Arc<dyn Store>> {
    Ok(Arc::new(MemoryStore::new(incarnation)))
}
