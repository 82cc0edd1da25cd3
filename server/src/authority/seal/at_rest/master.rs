//! The master secrets, as an operator gives them: one, or two while one is replaced.

use base64::Engine;
use base64::engine::general_purpose::{STANDARD_NO_PAD, URL_SAFE_NO_PAD};
use ring::aead::LessSafeKey;
use ring::hkdf::{HKDF_SHA256, Salt};
use zeroize::Zeroizing;

use super::super::key::derive_aead;
use crate::error::{Error, Result};

/// The variable with the master secrets.
pub const VARIABLE: &str = "EXEUNT_SECRET_KEY";
/// Bytes of a master secret.
pub const MASTER_SECRET_BYTES: usize = 32;

/// One master secret: the key that is derived from it.
pub struct MasterSecret(LessSafeKey);

/// The master secrets of a server. The first encrypts; all decrypt.
pub struct MasterSecrets {
    first: MasterSecret,
    second: Option<MasterSecret>,
    /// Where they come from, for errors.
    place: String,
}

impl MasterSecret {
    fn new(bytes: &[u8; MASTER_SECRET_BYTES]) -> Result<Self> {
        let root = Salt::new(HKDF_SHA256, &[]).extract(bytes);
        derive_aead(&root, "exeunt sealing keys").map(Self)
    }

    pub(super) const fn cipher(&self) -> &LessSafeKey {
        &self.0
    }
}

impl MasterSecrets {
    /// Reads one or two secrets, separated by a comma, each 64 hexadecimal digits or base64 of 32 bytes. `place` says
    /// where the text was found.
    ///
    /// # Errors
    /// `Malformed`, which says what was found without quoting it.
    pub fn parse(text: &str, place: &str) -> Result<Self> {
        let mut given = text.split(',').map(str::trim).filter(|one| !one.is_empty());
        let (first, second) = (given.next(), given.next());
        let refused = |found: &str| {
            let rule = format!(
                "{place}: found {found}, expected a secret of 32 bytes as 64 hexadecimal digits or in base64, or two \
                 with a comma between them, the new one first; `openssl rand -hex 32` makes one"
            );
            Error::malformed("secret_key", rule)
        };
        let Some(first) = first else { return Err(refused("nothing")) };
        let further = given.count();
        if further > 0 {
            return Err(refused(&format!("{} secrets", further + 2)));
        }
        let read = |name: &str, one: &str| match bytes(one) {
            Some(bytes) => MasterSecret::new(&bytes),
            None => Err(refused(&format!("a {name} secret of {} characters", one.chars().count()))),
        };
        let second = second.map(|second| read("second", second)).transpose()?;
        Ok(Self { first: read("first", first)?, second, place: place.to_owned() })
    }

    /// The secret that encrypts.
    pub(super) const fn first(&self) -> &MasterSecret {
        &self.first
    }

    /// All of them, the first one first.
    pub(super) fn all(&self) -> impl Iterator<Item = &MasterSecret> {
        std::iter::once(&self.first).chain(&self.second)
    }

    /// Where they come from.
    pub fn place(&self) -> &str {
        &self.place
    }
}

/// The bytes of one secret.
fn bytes(text: &str) -> Option<Zeroizing<[u8; MASTER_SECRET_BYTES]>> {
    let mut bytes = Zeroizing::new([0; MASTER_SECRET_BYTES]);
    if text.len() == 2 * MASTER_SECRET_BYTES {
        for (byte, pair) in bytes.iter_mut().zip(text.as_bytes().chunks_exact(2)) {
            let [high, low] = [digit(pair[0])?, digit(pair[1])?];
            *byte = high << 4 | low;
        }
        return Some(bytes);
    }
    // 32 bytes are 43 characters, and one `=` if the text is padded.
    let unpadded = if text.len() == 44 { text.strip_suffix('=')? } else { text };
    if unpadded.len() != 43 {
        return None;
    }
    let standard = STANDARD_NO_PAD.decode_slice(unpadded, &mut bytes[..]);
    let read = standard.or_else(|_| URL_SAFE_NO_PAD.decode_slice(unpadded, &mut bytes[..])).ok()?;
    (read == MASTER_SECRET_BYTES).then_some(bytes)
}

fn digit(letter: u8) -> Option<u8> {
    char::from(letter).to_digit(16).and_then(|value| u8::try_from(value).ok())
}
