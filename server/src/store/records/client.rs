//! A stored client.

use exeunt_core::{ClientId, DialectName, Fingerprint, Moment, RealmId};
use serde::{Deserialize, Serialize};

/// An application that uses sessions.
#[derive(Clone, Debug, PartialEq)]
pub struct Client {
    /// Its id, for programs.
    pub id: ClientId,
    /// The realm that it belongs to.
    pub realm: RealmId,
    /// Its name, for people; unique in the realm.
    pub name: String,
    /// The dialect that it uses.
    pub dialect: DialectName,
    /// Created with the realm, and never removed.
    pub builtin: bool,
    /// Seconds after which an unseen session expires; 0: never.
    pub idle_secs: u32,
    /// Seconds after which a session expires in any case; 0: never.
    pub absolute_secs: u32,
    /// How many live sessions one user may have.
    pub sessions_max: u32,
    /// Settings of its dialect.
    pub settings: Settings,
    /// It is removed; only the id remains.
    pub removed: bool,
    /// When it was created.
    pub created_at: Moment,
    /// When it was last changed.
    pub updated_at: Moment,
    /// How often it was written; 0: never.
    pub version: u64,
}

/// Settings of a client that depend on its dialect.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "lowercase")]
pub enum Settings {
    /// No settings.
    #[default]
    Plain,
    /// A RunSignup partner with a permanent pair `api_key` and `api_secret`.
    Partner {
        /// The fingerprint of the pair.
        #[serde(with = "hex_fingerprint")]
        pair: Fingerprint,
    },
    /// A project of rested.dev.
    Project {
        /// The public key, 32 hexadecimal digits, unique among all clients.
        key: String,
        /// The allowed origins of web pages.
        allowed_origins: Vec<String>,
        /// Web pages of any named origin may call.
        #[serde(default)]
        any_origin: bool,
        /// A call without an origin is refused.
        require_origin: bool,
        /// The named endpoints.
        endpoints: Vec<Endpoint>,
    },
}

/// A named authentication endpoint of a project.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Endpoint {
    /// 5 to 254 of lower-case letters, digits, `-` and `/`.
    pub name: String,
    /// A token is required.
    #[serde(default = "yes")]
    pub secure: bool,
    /// New users may register here.
    #[serde(default = "yes")]
    pub registration: bool,
}

impl Client {
    /// The public key of a project.
    pub fn project_key(&self) -> Option<&str> {
        match &self.settings {
            Settings::Project { key, .. } => Some(key),
            _ => None,
        }
    }
}

const fn yes() -> bool {
    true
}

mod hex_fingerprint {
    use exeunt_core::Fingerprint;
    use serde::de::Error;
    use serde::{Deserialize, Deserializer, Serializer};

    pub(super) fn serialize<S: Serializer>(print: &Fingerprint, to: S) -> Result<S::Ok, S::Error> {
        to.serialize_str(&print.0.iter().map(|byte| format!("{byte:02x}")).collect::<String>())
    }

    pub(super) fn deserialize<'de, D: Deserializer<'de>>(from: D) -> Result<Fingerprint, D::Error> {
        let text = String::deserialize(from)?;
        let mut print = [0; 32];
        for (at, byte) in print.iter_mut().enumerate() {
            let pair = text.get(at * 2..at * 2 + 2).ok_or_else(|| D::Error::custom("too short"))?;
            *byte = u8::from_str_radix(pair, 16).map_err(D::Error::custom)?;
        }
        Ok(Fingerprint(print))
    }
}
