//! Partners: clients with a permanent pair, `api_key` and `api_secret`.

use std::sync::Arc;

use exeunt_core::{Fingerprint, RealmId, Token};
use serde::{Deserialize, Deserializer, Serialize, Serializer};

use super::{NAME, pair};
use crate::authority::client::settings::{ClientSettings, Members, NO_SETTINGS, NewSecret};
use crate::authority::{Authority, Client, Mint, Settings};
use crate::error::Result;

/// A partner has a pair. The built-in client, which callers without a pair use, has none.
pub(super) const SETTINGS: ClientSettings = ClientSettings { new_secret, ..NO_SETTINGS };

/// What a partner has, as it is stored.
#[derive(Serialize, Deserialize)]
#[serde(tag = "kind", rename = "partner")]
struct Partner {
    /// The fingerprint of its pair.
    #[serde(serialize_with = "write_digits", deserialize_with = "read_digits")]
    pair: Fingerprint,
}

/// The settings of a partner whose pair has this fingerprint.
///
/// # Errors
/// `Internal`.
pub fn settings(pair: Fingerprint) -> Result<Settings> {
    Settings::of(&Partner { pair }, None)
}

/// The partner that has this pair.
pub(super) fn partner(authority: &Authority, realm: RealmId, presented: &Token) -> Option<Arc<Client>> {
    let presented = presented.fingerprint();
    authority.find_client(realm, NAME, |client| {
        client.settings.read().is_some_and(|Partner { pair }| *pair == presented)
    })
}

fn new_secret(mint: &Mint, before: Option<&Settings>) -> Result<Option<NewSecret>> {
    if before.is_some_and(|settings| settings.read::<Partner>().is_none()) {
        return Ok(None);
    }
    let pair = pair::fresh(mint);
    let (key, secret) = pair::halves(&pair);
    let shown = [("api_key".to_owned(), key.into()), ("api_secret".to_owned(), secret.into())];
    Ok(Some(NewSecret { settings: settings(pair.fingerprint())?, shown: Members::from_iter(shown) }))
}

fn write_digits<S: Serializer>(print: &Fingerprint, to: S) -> Result<S::Ok, S::Error> {
    to.serialize_str(&print.0.iter().map(|byte| format!("{byte:02x}")).collect::<String>())
}

fn read_digits<'de, D: Deserializer<'de>>(from: D) -> Result<Fingerprint, D::Error> {
    let digits = String::deserialize(from)?;
    Fingerprint::from_digits(&digits)
        .ok_or_else(|| serde::de::Error::custom("a fingerprint has 64 hexadecimal digits"))
}
