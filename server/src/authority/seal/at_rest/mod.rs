//! Sealing keys where they are stored: encrypted under a master secret, which is not in the store.
//!
//! A stored key has 61 bytes:
//!
//! | offset | bytes | what |
//! |---|---|---|
//! | 0 | 1 | version: 1 |
//! | 1 | 12 | nonce |
//! | 13 | 32 | the sealing key, encrypted with AES-256-GCM |
//! | 45 | 16 | its tag, which also covers the version, the realm's id and the key's number |
//!
//! The key of this encryption is HKDF-SHA-256 of the master secret, without a salt, with the info `exeunt sealing keys`,
//! so the same master secret may protect other things later.

pub mod file;
pub mod master;

use exeunt_core::{Moment, RealmId};
pub use master::MasterSecrets;
use ring::aead::{Aad, NONCE_LEN, Nonce};
use zeroize::Zeroizing;

use super::codec::Reader;
use super::key::{SEALING_KEY_BYTES, SealingKey};
use crate::error::{Error, Result};

/// Bytes of a stored key.
pub const WRAPPED_BYTES: usize = 1 + NONCE_LEN + SEALING_KEY_BYTES + 16;

const VERSION: u8 = 1;

/// A key that was stored.
pub struct Unwrapped {
    /// The key.
    pub key: SealingKey,
    /// `true` if it was encrypted under the second secret: store it again under the first, so that the second can go.
    pub outdated: bool,
}

impl MasterSecrets {
    /// A sealing key as it is stored: under the first secret. A nonce is used once
    /// ([`Mint::nonce`](crate::authority::Mint::nonce)).
    ///
    /// # Errors
    /// `Internal`, which no input causes.
    pub fn wrap_key(&self, key: &SealingKey, nonce: [u8; NONCE_LEN]) -> Result<Vec<u8>> {
        let mut secret = Zeroizing::new(**key.secret());
        let aad = Aad::from(associated(key.realm(), key.number()));
        let tag = self
            .first()
            .cipher()
            .seal_in_place_separate_tag(Nonce::assume_unique_for_key(nonce), aad, &mut secret[..])
            .map_err(|_| Error::internal("a sealing key could not be encrypted"))?;
        Ok([&[VERSION], &nonce[..], &secret[..], tag.as_ref()].concat())
    }

    /// The sealing key of this realm and number that was stored as these bytes.
    ///
    /// # Errors
    /// `Malformed` if no secret decrypts it: it was encrypted under another one, belongs elsewhere, or was changed.
    pub fn unwrap_key(
        &self,
        realm: RealmId,
        number: u32,
        made_at: Moment,
        wrapped: &[u8],
    ) -> Result<Unwrapped> {
        let Some((nonce, encrypted)) = form(wrapped) else {
            let rule = format!(
                "sealing key {number} of realm {realm} is stored in a form that this version does not know \
                 ({} bytes, first {:?}; expected {WRAPPED_BYTES} bytes, first {VERSION}): start the version that \
                 wrote it, or a newer one",
                wrapped.len(),
                wrapped.first(),
            );
            return Err(Error::malformed("secret_key", rule));
        };
        for (at, secret) in self.all().enumerate() {
            let mut bytes = Zeroizing::new(encrypted);
            let aad = Aad::from(associated(realm, number));
            let nonce = Nonce::assume_unique_for_key(nonce);
            let Ok(opened) = secret.cipher().open_in_place(nonce, aad, &mut bytes[..]) else { continue };
            if let Some(opened) = opened.first_chunk() {
                let key = SealingKey::new(realm, number, made_at, *opened)?;
                return Ok(Unwrapped { key, outdated: at > 0 });
            }
        }
        let (place, secrets) = (self.place(), self.all().count());
        let rule = format!(
            "{place}: found {secrets} secret{}, expected the one that sealing key {number} of realm {realm} was encrypted \
             under: put that secret back (after a comma, if there is a new one too), or make new keys with `exeunt secret rotate --now`, which voids every token that the old ones sealed",
            if secrets == 1 { "" } else { "s" },
        );
        Err(Error::malformed("secret_key", rule))
    }
}

/// The nonce, and the encrypted key with its tag.
fn form(wrapped: &[u8]) -> Option<([u8; NONCE_LEN], [u8; SEALING_KEY_BYTES + 16])> {
    let mut reader = Reader(wrapped);
    let version = reader.byte()?;
    let parts = (reader.array()?, reader.array()?);
    reader.end()?;
    (version == VERSION).then_some(parts)
}

/// What a stored key is tied to.
fn associated(realm: RealmId, number: u32) -> [u8; 21] {
    let mut bytes = [VERSION; 21];
    bytes[1..17].copy_from_slice(&realm.0);
    bytes[17..].copy_from_slice(&number.to_be_bytes());
    bytes
}
