//! Sealed values: what a page carries from one request to the next. Anyone can read them, and only this server makes
//! them.
//!
//! A value is base64url of:
//!
//! | offset | bytes | what |
//! |---|---|---|
//! | 0 | 1 | version: 1 |
//! | 1 | 4 | number of the sealing key |
//! | 5 | 6 | until when it is accepted, in milliseconds since 1970 |
//! | 11 | 0 to 8192 | the value |
//! | at the end | 16 | the first 16 bytes of an HMAC-SHA-256 with the key of this realm and purpose |
//!
//! The HMAC covers the first 11 bytes, then what the value is bound to (its length in 4 bytes, then the bytes; they are
//! not in the text), then the value.

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use exeunt_core::{Moment, Token};
use ring::hmac;
use subtle::ConstantTimeEq;

use super::codec::{Reader, Writer};
use super::key::{SealingKey, SealingKeys};
use super::token::MAC_BYTES;

/// The longest value, in bytes.
pub const VALUE_BYTES_MAX: usize = 8192;

const VERSION: u8 = 1;
const HEADER_BYTES: usize = 11;
/// The longest text, in characters.
const TEXT_CHARS_MAX: usize = (HEADER_BYTES + VALUE_BYTES_MAX + MAC_BYTES).div_ceil(3) * 4;

/// What a value is for. Each purpose has a key of its own.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum ValuePurpose {
    /// Where to go after a login.
    WayBack,
    /// That a form comes from a page of this session or browser.
    Form,
    /// That a login happened for one request.
    Proof,
}

impl ValuePurpose {
    /// Every purpose.
    pub const ALL: [Self; 3] = [Self::WayBack, Self::Form, Self::Proof];

    pub(super) const fn label(self) -> &'static str {
        match self {
            Self::WayBack => "exeunt way back",
            Self::Form => "exeunt form",
            Self::Proof => "exeunt proof",
        }
    }
}

impl SealingKeys {
    /// Seals a value that is accepted before `until`, and only together with `bound_to`: bytes that the server knows when
    /// it opens the value, such as the id of a session. `None` if it is longer than [`VALUE_BYTES_MAX`].
    pub fn seal_value(
        &self,
        purpose: ValuePurpose,
        bound_to: &[u8],
        value: &[u8],
        until: Moment,
    ) -> Option<Token> {
        if value.len() > VALUE_BYTES_MAX {
            return None;
        }
        let key = self.current();
        let mut writer = Writer(Vec::with_capacity(HEADER_BYTES + value.len() + MAC_BYTES));
        writer.bytes(&[VERSION]).bytes(&key.number().to_be_bytes()).moment(until)?;
        let mac = authenticate(key, purpose, &writer.0, bound_to, value)?;
        writer.bytes(value).bytes(&mac);
        Some(Token::plain(URL_SAFE_NO_PAD.encode(&writer.0)))
    }

    /// The value, if one of these keys has sealed it for this purpose and bound it to this, and `now` is before its end.
    pub fn open_value(
        &self,
        purpose: ValuePurpose,
        bound_to: &[u8],
        text: &str,
        now: Moment,
    ) -> Option<Vec<u8>> {
        if text.len() > TEXT_CHARS_MAX {
            return None;
        }
        let bytes = URL_SAFE_NO_PAD.decode(text).ok()?;
        let (body, mac) = bytes.split_at_checked(bytes.len().checked_sub(MAC_BYTES)?)?;
        let (header, value) = body.split_at_checked(HEADER_BYTES)?;
        let mut reader = Reader(header);
        let version = reader.byte()?;
        let key = self.numbered(u32::from_be_bytes(reader.array()?))?;
        let until = reader.moment()?;
        let own = authenticate(key, purpose, header, bound_to, value)?;
        let accepted = version == VERSION && bool::from(own.ct_eq(mac)) && now < until;
        accepted.then(|| value.to_vec())
    }
}

fn authenticate(
    key: &SealingKey,
    purpose: ValuePurpose,
    header: &[u8],
    bound_to: &[u8],
    value: &[u8],
) -> Option<[u8; MAC_BYTES]> {
    let mut context = hmac::Context::with_key(key.for_values(purpose));
    context.update(header);
    context.update(&u32::try_from(bound_to.len()).ok()?.to_be_bytes());
    context.update(bound_to);
    context.update(value);
    context.sign().as_ref().first_chunk().copied()
}
