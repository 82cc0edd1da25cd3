//! What a dialect says about the settings of its clients.

use serde_json::{Map, Value};

use crate::authority::Mint;
use crate::error::Result;
use crate::store::Settings;

/// Members of a JSON object.
pub type Members = Map<String, Value>;

/// The settings that the clients of a dialect have besides those of every client. Only the dialect reads them.
pub struct ClientSettings {
    /// The members that show and change them.
    pub members: &'static [&'static str],
    /// Checks that the JSON text of one of these members is of its type.
    pub check_type: fn(member: &str, json: &str) -> serde_json::Result<()>,
    /// Validates given members and makes settings of them. A member that is not given stays as it was, or has its
    /// default.
    pub validate: fn(&Mint, before: Option<&Settings>, given: Members) -> Result<Settings>,
    /// The members that show settings.
    pub show: fn(&Settings) -> Members,
    /// Makes a secret for a new client, or a new one for a client with these settings. `None` if it has no secret.
    pub new_secret: fn(&Mint, before: Option<&Settings>) -> Result<Option<NewSecret>>,
}

/// A new secret of a client.
pub struct NewSecret {
    /// The settings with it.
    pub settings: Settings,
    /// The members that show it, this once.
    pub shown: Members,
}

/// The clients have no settings of their own.
pub const NO_SETTINGS: ClientSettings = ClientSettings {
    members: &[],
    check_type: |_, _| Ok(()),
    validate: |_, before, _| Ok(before.cloned().unwrap_or_default()),
    show: |_| Members::new(),
    new_secret: |_, _| Ok(None),
};
