//! Tokens as text, and the fingerprint: the only form in which they are stored.

use std::fmt;

use sha2::{Digest, Sha256};

use crate::id::read_hex;

/// The prefix of the native dialect's session tokens, so that scanners find leaked ones.
pub const SESSION_PREFIX: &str = "exs_";
/// The prefix of the native dialect's keys.
pub const KEY_PREFIX: &str = "exk_";
/// Random characters in a token with a prefix: 32 of 62 letters and digits, 190 bits.
pub const BODY_CHARS: usize = 32;
/// Checksum characters at the end of a token with a prefix.
pub const CHECKSUM_CHARS: usize = 6;
/// The longest text accepted as a token, in bytes.
pub const TOKEN_BYTES_MAX: usize = 256;

const ALPHABET: &[u8; 62] = b"0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz";

/// The secret that a caller presents. It deliberately has no `Debug` and no `Display`; [`Token::expose`] is easy to
/// search for.
#[derive(Clone)]
pub struct Token(String);

impl Token {
    /// A text that a caller presented, or `None` if it is empty or longer than [`TOKEN_BYTES_MAX`].
    pub fn presented(text: &str) -> Option<Self> {
        (!text.is_empty() && text.len() <= TOKEN_BYTES_MAX).then(|| Self(text.to_owned()))
    }

    /// A new token of these letters, in the form of a legacy interface.
    pub const fn plain(letters: String) -> Self {
        Self(letters)
    }

    /// A token of a prefix, a random body and a checksum.
    pub fn sealed(prefix: &str, body: &str) -> Self {
        Self(format!("{prefix}{body}{}", checksum(prefix, body)))
    }

    /// Reads a token with this prefix; `None` unless its checksum is right, so guesses and typing errors are refused
    /// without a lookup.
    pub fn parse(prefix: &str, text: &str) -> Option<Self> {
        let rest = text.strip_prefix(prefix)?;
        if rest.len() != BODY_CHARS + CHECKSUM_CHARS || !rest.bytes().all(|byte| byte.is_ascii_alphanumeric())
        {
            return None;
        }
        let (body, sum) = rest.split_at(BODY_CHARS);
        (checksum(prefix, body) == sum).then(|| Self(text.to_owned()))
    }

    /// The form in which tokens are looked up and stored.
    pub fn fingerprint(&self) -> Fingerprint {
        Fingerprint::of(self.0.as_bytes())
    }

    /// The text itself: only for the one response that returns it.
    pub fn expose(&self) -> &str {
        &self.0
    }
}

/// SHA-256 of a token. Tokens have at least 128 random bits, so a fast hash suffices, and the timing of a comparison
/// reveals nothing about the token.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Fingerprint(pub [u8; 32]);

impl Fingerprint {
    /// The fingerprint of these bytes.
    pub fn of(bytes: &[u8]) -> Self {
        Self(Sha256::digest(bytes).into())
    }

    /// Reads a fingerprint of 64 hexadecimal digits, in upper or lower case.
    pub fn from_digits(text: &str) -> Option<Self> {
        read_hex(text).ok().map(Self)
    }

    /// The first 8 bytes as a number. Fingerprints are uniform, so it serves as a hash.
    pub fn prefix(&self) -> u64 {
        let [a, b, c, d, e, f, g, h, ..] = self.0;
        u64::from_le_bytes([a, b, c, d, e, f, g, h])
    }
}

/// The first 8 hexadecimal digits: enough to find a line in a log, useless for anything else.
impl fmt::Debug for Fingerprint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0[..4].iter().try_for_each(|byte| write!(f, "{byte:02x}"))
    }
}

/// The letter or digit that stands for `value`, which is below 62.
pub fn letter(value: u8) -> char {
    char::from(ALPHABET[usize::from(value) % ALPHABET.len()])
}

fn checksum(prefix: &str, body: &str) -> String {
    let digest = Sha256::new().chain_update(prefix).chain_update(body).finalize();
    let mut rest = u64::from(u32::from_le_bytes([digest[0], digest[1], digest[2], digest[3]]));
    let mut text = String::with_capacity(CHECKSUM_CHARS);
    for _ in 0..CHECKSUM_CHARS {
        text.push(letter(u8::try_from(rest % 62).unwrap_or_default()));
        rest /= 62;
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_sealed_token_parses_and_a_changed_one_does_not() {
        let token = Token::sealed(SESSION_PREFIX, &"a".repeat(BODY_CHARS));
        assert!(Token::parse(SESSION_PREFIX, token.expose()).is_some());
        assert!(Token::parse(KEY_PREFIX, token.expose()).is_none());
        let typo = token.expose().replacen('a', "b", 1);
        assert!(Token::parse(SESSION_PREFIX, &typo).is_none());
    }

    #[test]
    fn a_fingerprint_is_read_from_its_digits() {
        // SHA-256 of "abc" (FIPS 180-4, example B.1).
        let digits = "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad";
        assert_eq!(Fingerprint::from_digits(digits), Some(Fingerprint::of(b"abc")));
        assert_eq!(Fingerprint::from_digits(&digits.to_uppercase()), Some(Fingerprint::of(b"abc")));
        for wrong in ["", &digits[1..], &format!("{digits}0"), &digits.replace('b', "g"), &"é".repeat(32)] {
            assert_eq!(Fingerprint::from_digits(wrong), None, "{wrong}");
        }
    }
}
