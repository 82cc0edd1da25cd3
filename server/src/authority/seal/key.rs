//! The sealing keys of a realm, and the keys derived from them.
//!
//! A derived key is HKDF-SHA-256 (RFC 5869) of the sealing key's 32 random bytes. The salt is the realm's id (16 bytes)
//! and the sealing key's number (4 bytes); the info names the purpose, as in `exeunt access token`.

use std::sync::Arc;

use exeunt_core::{Moment, RealmId};
use ring::aead::{AES_256_GCM, LessSafeKey, UnboundKey};
use ring::hkdf::{HKDF_SHA256, Prk, Salt};
use ring::hmac::{self, HMAC_SHA256};
use zeroize::Zeroizing;

use super::token::TokenUse;
use super::value::ValuePurpose;
use crate::error::{Error, Result};

/// Bytes of a sealing key.
pub const SEALING_KEY_BYTES: usize = 32;

/// A sealing key of one realm. It deliberately has no `Debug`. Its random bytes are erased when it is dropped; the
/// derived keys belong to *ring*, which does not erase.
pub struct SealingKey {
    realm: RealmId,
    number: u32,
    made_at: Moment,
    secret: Zeroizing<[u8; SEALING_KEY_BYTES]>,
    tokens: [hmac::Key; TokenUse::ALL.len()],
    values: [hmac::Key; ValuePurpose::ALL.len()],
    code: LessSafeKey,
}

/// All sealing keys of one realm: the current one, which seals, and older ones, which only open.
pub struct SealingKeys {
    current: Arc<SealingKey>,
    /// Highest number first.
    older: Vec<Arc<SealingKey>>,
}

impl SealingKey {
    /// The key with this number and these random bytes.
    ///
    /// # Errors
    /// `Internal` if no keys can be derived from it, which no input causes.
    pub fn new(
        realm: RealmId,
        number: u32,
        made_at: Moment,
        secret: [u8; SEALING_KEY_BYTES],
    ) -> Result<Self> {
        let secret = Zeroizing::new(secret);
        let salt = [&realm.0[..], &number.to_be_bytes()].concat();
        let root = Salt::new(HKDF_SHA256, &salt).extract(&secret[..]);
        let [access, refresh, browser] = TokenUse::ALL.map(|token_use| derive_hmac(&root, token_use.label()));
        let [way_back, form, proof] = ValuePurpose::ALL.map(|purpose| derive_hmac(&root, purpose.label()));
        Ok(Self {
            realm,
            number,
            made_at,
            secret,
            tokens: [access?, refresh?, browser?],
            values: [way_back?, form?, proof?],
            code: derive_aead(&root, "exeunt code")?,
        })
    }

    /// Its realm.
    pub const fn realm(&self) -> RealmId {
        self.realm
    }

    /// Its number, unique in the realm. A newer key has a higher one.
    pub const fn number(&self) -> u32 {
        self.number
    }

    /// When it was made.
    pub const fn made_at(&self) -> Moment {
        self.made_at
    }

    pub(super) const fn secret(&self) -> &Zeroizing<[u8; SEALING_KEY_BYTES]> {
        &self.secret
    }

    pub(super) const fn for_tokens(&self, token_use: TokenUse) -> &hmac::Key {
        &self.tokens[token_use as usize]
    }

    pub(super) const fn for_values(&self, purpose: ValuePurpose) -> &hmac::Key {
        &self.values[purpose as usize]
    }

    pub(super) const fn for_codes(&self) -> &LessSafeKey {
        &self.code
    }
}

impl SealingKeys {
    /// The keys of one realm. The one with the highest number is the current one.
    ///
    /// # Errors
    /// `Internal` if there is no key, a number occurs twice, or a key belongs to another realm than the current one.
    pub fn new(mut keys: Vec<Arc<SealingKey>>) -> Result<Self> {
        keys.sort_unstable_by_key(|key| key.number);
        let Some(current) = keys.pop() else {
            return Err(Error::internal("a realm has no sealing key"));
        };
        keys.reverse();
        let all: Vec<_> = std::iter::once(&current).chain(&keys).collect();
        if let Some(twice) = all.windows(2).find(|pair| pair[0].number == pair[1].number) {
            return Err(Error::internal(format_args!("two sealing keys have number {}", twice[0].number)));
        }
        if let Some(foreign) = keys.iter().find(|key| key.realm != current.realm) {
            let (realm, other) = (current.realm, foreign.realm);
            return Err(Error::internal(format_args!(
                "sealing keys of realms {realm} and {other} are mixed"
            )));
        }
        Ok(Self { current, older: keys })
    }

    /// The realm that they seal for.
    pub fn realm(&self) -> RealmId {
        self.current.realm
    }

    /// The key that seals.
    pub const fn current(&self) -> &Arc<SealingKey> {
        &self.current
    }

    /// The key with this number.
    pub fn numbered(&self, number: u32) -> Option<&Arc<SealingKey>> {
        self.all().find(|key| key.number == number)
    }

    /// All of them, highest number first.
    pub fn all(&self) -> impl Iterator<Item = &Arc<SealingKey>> {
        std::iter::once(&self.current).chain(&self.older)
    }
}

/// A key for AES-256-GCM.
pub(super) fn derive_aead(root: &Prk, info: &str) -> Result<LessSafeKey> {
    let info = [info.as_bytes()];
    let derived = root.expand(&info, &AES_256_GCM).map_err(|_| underivable())?;
    Ok(LessSafeKey::new(UnboundKey::from(derived)))
}

fn derive_hmac(root: &Prk, info: &str) -> Result<hmac::Key> {
    let info = [info.as_bytes()];
    root.expand(&info, HMAC_SHA256).map(hmac::Key::from).map_err(|_| underivable())
}

fn underivable() -> Error {
    Error::internal("a key could not be derived")
}
