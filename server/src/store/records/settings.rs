//! The settings of a client that its dialect keeps: for the store a text.

use std::any::Any;
use std::fmt;
use std::sync::{Arc, OnceLock};

use serde::Serialize;
use serde::de::DeserializeOwned;

use crate::error::{Error, Result};

/// The settings of a client, as its dialect wrote them. No other code reads them.
#[derive(Clone)]
pub struct Settings {
    json: String,
    unique_key: Option<String>,
    /// What the dialect has read from the text; `None` if the text is not of its form.
    read: OnceLock<Option<Arc<dyn Any + Send + Sync>>>,
}

/// The text of a client whose dialect keeps no settings.
const NONE: &str = r#"{"kind":"plain"}"#;

impl Settings {
    /// Settings to store, and a key that no other client may have.
    ///
    /// # Errors
    /// `Internal` if they have no JSON form.
    pub fn of(settings: &impl Serialize, unique_key: Option<String>) -> Result<Self> {
        Ok(Self::stored(serde_json::to_string(settings).map_err(Error::internal)?, unique_key))
    }

    /// Settings as they are stored.
    pub const fn stored(json: String, unique_key: Option<String>) -> Self {
        Self { json, unique_key, read: OnceLock::new() }
    }

    /// The text to store.
    pub fn json(&self) -> &str {
        &self.json
    }

    /// The key that no other client may have.
    pub fn unique_key(&self) -> Option<&str> {
        self.unique_key.as_deref()
    }

    /// Reads the settings; `None` if they are not of this form. Parsed once: a dialect reads all its settings as one
    /// type.
    pub fn read<T: DeserializeOwned + Send + Sync + 'static>(&self) -> Option<&T> {
        let parse =
            || serde_json::from_str(&self.json).ok().map(|it: T| Arc::new(it) as Arc<dyn Any + Send + Sync>);
        self.read.get_or_init(parse).as_ref()?.downcast_ref()
    }
}

impl Default for Settings {
    fn default() -> Self {
        Self::stored(NONE.to_owned(), None)
    }
}

impl PartialEq for Settings {
    fn eq(&self, other: &Self) -> bool {
        (&self.json, &self.unique_key) == (&other.json, &other.unique_key)
    }
}

/// Without the text, which may have the fingerprint of a secret.
impl fmt::Debug for Settings {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Settings").field("unique_key", &self.unique_key).finish_non_exhaustive()
    }
}
