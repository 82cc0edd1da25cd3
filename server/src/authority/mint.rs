//! The one file that makes tokens, ids, keys and salts.

use exeunt_core::token::{self, BODY_CHARS, KEY_PREFIX, SESSION_PREFIX};
use exeunt_core::{ClientId, KeyId, Moment, RealmId, SessionId, Token, UserId};

use crate::env::Entropy;
use crate::store::Incarnation;

/// Bytes from here on are rejected, so that all letters are equally likely: 4 × 62.
const FAIR_BELOW: u8 = 248;

/// Makes unguessable or unique values from the randomness of one call.
pub struct Mint(Entropy);

impl Mint {
    /// A mint that draws from this randomness.
    pub fn new(entropy: Entropy) -> Self {
        Self(entropy)
    }

    /// A session's id: 6 bytes of time, then 10 random ones, so that indexes over ids grow at their end.
    pub fn session_id(&self, now: Moment) -> SessionId {
        let mut id: [u8; 16] = self.bytes();
        id[..6].copy_from_slice(&now.millis().to_be_bytes()[2..]);
        SessionId(id)
    }

    /// A user's id.
    pub fn user_id(&self) -> UserId {
        UserId(self.bytes())
    }

    /// A client's id.
    pub fn client_id(&self) -> ClientId {
        ClientId(self.bytes())
    }

    /// A realm's id.
    pub fn realm_id(&self) -> RealmId {
        RealmId(self.bytes())
    }

    /// A key's id.
    pub fn key_id(&self) -> KeyId {
        KeyId(self.bytes())
    }

    /// A new incarnation of a store.
    pub fn incarnation(&self) -> Incarnation {
        Incarnation(self.bytes())
    }

    /// A secret of a store.
    pub fn secret(&self) -> [u8; 32] {
        self.bytes()
    }

    /// A nonce for AES-256-GCM. Random ones are safe for 2^32 texts under one key (NIST SP 800-38D, 8.3).
    pub fn nonce(&self) -> [u8; 12] {
        self.bytes()
    }

    /// A session token of the native dialect.
    pub fn session_token(&self) -> Token {
        Token::sealed(SESSION_PREFIX, &self.letters(BODY_CHARS))
    }

    /// A token of `letters` letters and digits, for dialects with plain tokens.
    pub fn plain_token(&self, letters: usize) -> Token {
        Token::plain(self.letters(letters))
    }

    /// A key of the native dialect.
    pub fn key(&self) -> Token {
        Token::sealed(KEY_PREFIX, &self.letters(BODY_CHARS))
    }

    /// A salt for a password hash, 128 bits.
    pub fn salt(&self) -> [u8; 16] {
        self.bytes()
    }

    /// `count` letters and digits, 5.95 bits each.
    pub fn letters(&self, count: usize) -> String {
        let mut text = String::with_capacity(count);
        while text.len() < count {
            let block: [u8; 32] = self.bytes();
            let fair = block.into_iter().filter(|byte| *byte < FAIR_BELOW);
            text.extend(fair.take(count - text.len()).map(|byte| token::letter(byte % 62)));
        }
        text
    }

    fn bytes<const N: usize>(&self) -> [u8; N] {
        let mut bytes = [0; N];
        self.0.fill(&mut bytes);
        bytes
    }
}
