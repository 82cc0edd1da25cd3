//! Known answers (computed with Python's `hmac` and `cryptography`), properties, and everything that must be refused.

mod at_rest;
mod code;
mod file;
mod key;
mod token;
mod value;

use std::sync::Arc;

use exeunt_core::{Moment, RealmId, SessionId};

use super::{SealingKey, SealingKeys};

const REALM: RealmId = RealmId([0xaa; 16]);
const SESSION: SessionId = SessionId([16, 17, 18, 19, 20, 21, 22, 23, 24, 25, 26, 27, 28, 29, 30, 31]);
const AT: Moment = Moment::from_millis(1_800_000_000_123);
const NONCE: [u8; 12] = [100, 101, 102, 103, 104, 105, 106, 107, 108, 109, 110, 111];

/// The random bytes of the key of the known answers: 0, 1, 2, …
fn secret() -> [u8; 32] {
    std::array::from_fn(|at| at as u8)
}

/// A key of the realm, made so many days after [`AT`].
fn key(realm: RealmId, number: u32, days: u64, secret: [u8; 32]) -> Arc<SealingKey> {
    Arc::new(SealingKey::new(realm, number, AT.plus_secs(days * 86_400), secret).unwrap())
}

/// The keys of a realm that has one, with number 7.
fn keys() -> SealingKeys {
    SealingKeys::new(vec![key(REALM, 7, 0, secret())]).unwrap()
}

/// Keys that must not open what [`keys`] sealed: of another realm, of other bytes, or with another number.
fn other_keys() -> [SealingKeys; 3] {
    let other = RealmId([0xab; 16]);
    [key(other, 7, 0, secret()), key(REALM, 7, 0, [1; 32]), key(REALM, 8, 0, secret())]
        .map(|key| SealingKeys::new(vec![key]).unwrap())
}

/// Every text that differs from this one by a single bit and is still UTF-8.
fn bit_flips(text: &str) -> impl Iterator<Item = String> {
    (0..text.len() * 8).filter_map(|bit| {
        let mut bytes = text.as_bytes().to_vec();
        bytes[bit / 8] ^= 1 << (bit % 8);
        String::from_utf8(bytes).ok()
    })
}

/// Every text that is a part of this one from its beginning, and every one that lacks the beginning.
fn truncations(text: &str) -> impl Iterator<Item = &str> {
    (0..text.len()).map(|at| &text[..at]).chain((1..=text.len()).map(|at| &text[at..]))
}

/// Every text that differs from this one only in its last character. If its length is no multiple of 4, some of them
/// decode to the same bytes unless the bits that carry nothing are looked at.
fn other_ends(text: &str) -> impl Iterator<Item = String> {
    let (body, last) = text.split_at(text.len() - 1);
    let alphabet = ('A'..='Z').chain('a'..='z').chain('0'..='9').chain(['-', '_', '=', '+', '/', ' ', '\n']);
    alphabet.filter(move |other| !last.contains(*other)).map(move |other| format!("{body}{other}"))
}
