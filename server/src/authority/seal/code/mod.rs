//! Authorization codes: sessions that have not been issued. The record to be is encrypted into the code, so nothing is
//! stored until it is redeemed.
//!
//! A code is `exc_` and base64url of:
//!
//! | offset | bytes | what |
//! |---|---|---|
//! | 0 | 1 | version: 1 |
//! | 1 | 4 | number of the sealing key |
//! | 5 | 12 | nonce |
//! | 17 | 88 to 1500 | the [contents](CodeContents), encrypted with AES-256-GCM |
//! | at the end | 16 | its tag, which also covers the first 5 bytes |
//!
//! The layout of the contents is in [`contents`].

pub mod contents;

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
pub use contents::{CodeAnchor, CodeContents, CodePlace};
use exeunt_core::Token;
use ring::aead::{Aad, NONCE_LEN, Nonce};

use super::codec::{Reader, Writer};
use super::key::SealingKeys;

/// What a code begins with, so that scanners find leaked ones.
pub const CODE_PREFIX: &str = "exc_";
/// The longest code, in characters.
pub const CODE_CHARS_MAX: usize = 2048;

const VERSION: u8 = 1;
const HEADER_BYTES: usize = 5;

impl SealingKeys {
    /// The code with these contents. A nonce is used once ([`Mint::nonce`](crate::authority::Mint::nonce)). `None` if a
    /// list or a text in it is too long, or the code would be longer than [`CODE_CHARS_MAX`].
    pub fn seal_code(&self, contents: &CodeContents, nonce: [u8; NONCE_LEN]) -> Option<Token> {
        let key = self.current();
        let mut writer = Writer(vec![VERSION]);
        writer.bytes(&key.number().to_be_bytes()).bytes(&nonce);
        let [mut bytes, mut encrypted] = [writer.0, contents.write()?];
        let aad = Aad::from(&bytes[..HEADER_BYTES]);
        let nonce = Nonce::assume_unique_for_key(nonce);
        key.for_codes().seal_in_place_append_tag(nonce, aad, &mut encrypted).ok()?;
        bytes.append(&mut encrypted);
        let mut text = CODE_PREFIX.to_owned();
        URL_SAFE_NO_PAD.encode_string(&bytes, &mut text);
        (text.len() <= CODE_CHARS_MAX).then(|| Token::plain(text))
    }

    /// The contents of a code, if one of these keys has sealed it. The caller judges them: who redeems it, when, and in
    /// which incarnation.
    pub fn open_code(&self, text: &str) -> Option<CodeContents> {
        let encoded = text.strip_prefix(CODE_PREFIX).filter(|_| text.len() <= CODE_CHARS_MAX)?;
        let bytes = URL_SAFE_NO_PAD.decode(encoded).ok()?;
        let mut reader = Reader(&bytes);
        let version = reader.byte()?;
        let key = self.numbered(u32::from_be_bytes(reader.array()?))?;
        let nonce = Nonce::assume_unique_for_key(reader.array()?);
        let mut encrypted = reader.0.to_vec();
        let aad = Aad::from(&bytes[..HEADER_BYTES]);
        let contents = key.for_codes().open_in_place(nonce, aad, &mut encrypted).ok()?;
        (version == VERSION).then(|| CodeContents::read(contents))?
    }
}
