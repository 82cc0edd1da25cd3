//! Sealed tokens: sentences about a session, with a seal. They are stored nowhere and die with their session.
//!
//! A token is a prefix (`exa_`, `exr_` or `exb_`, which says the use) and base64url of:
//!
//! | offset | bytes | what |
//! |---|---|---|
//! | 0 | 1 | version: 1 without a binding, 2 with one |
//! | 1 | 4 | number of the sealing key |
//! | 5 | 16 | id of the session |
//! | 21 | 4 | generation |
//! | 25 | 6 | when it was sealed, in milliseconds since 1970 |
//! | 31 | 4 | how long it is accepted after that, in seconds; 0: as long as its session |
//! | 35 | 8 | scopes: bit *n* is scope *n* of the grant |
//! | 43 | 1 | resource: 0 is none, *n* is resource *n* of the grant, counted from 1 |
//! | 44 | 33 | version 2 only: kind of binding (1 byte, 1 is a JWK thumbprint, RFC 7638), SHA-256 thumbprint (32 bytes) |
//! | 44 or 77 | 16 | the first 16 bytes of HMAC-SHA-256 of everything before, with the key of this realm and use |
//!
//! So a token has 84 characters, or 128 with a binding. Both lengths are whole groups of base64 (60 and 93 bytes): every
//! character carries 6 bits, and no other text decodes to the same bytes.

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use exeunt_core::{Moment, SessionId, Token};
use ring::hmac;
use subtle::ConstantTimeEq;

use super::codec::{Reader, Writer};
use super::key::SealingKeys;

/// Characters of a prefix.
pub const PREFIX_CHARS: usize = 4;
/// Characters of a token without a binding.
pub const TOKEN_CHARS: usize = PREFIX_CHARS + UNBOUND_BYTES / 3 * 4;
/// Characters of a token that is bound to a key.
pub const BOUND_TOKEN_CHARS: usize = PREFIX_CHARS + BOUND_BYTES / 3 * 4;

const UNBOUND: u8 = 1;
const BOUND: u8 = 2;
const UNBOUND_BYTES: usize = 44 + MAC_BYTES;
const BOUND_BYTES: usize = UNBOUND_BYTES + 33;
const NUMBER_OFFSET: usize = 1;
const SESSION_OFFSET: usize = 5;
const JWK: u8 = 1;
/// Bytes of the HMAC that are kept.
pub(super) const MAC_BYTES: usize = 16;

/// What a token is for. Each use has a key of its own.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum TokenUse {
    /// A program calls an interface with it.
    Access,
    /// A program gets the next access token for it.
    Refresh,
    /// The cookie of a browser session.
    Browser,
}

/// What a token says.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Sealed {
    /// The number of the sealing key.
    pub key: u32,
    /// The session that it is a token of.
    pub session: SessionId,
    /// What it is for.
    pub token_use: TokenUse,
    /// Which of the session's successive tokens this is, from 0.
    pub generation: u32,
    /// When it was sealed.
    pub at: Moment,
    /// How long it is accepted after that, in seconds; 0: as long as its session.
    pub secs: u32,
    /// The scopes of the grant that it has: bit *n* is scope *n*.
    pub scopes: u64,
    /// Which of the grant's resources it is for, from 1; 0: none.
    pub resource: u8,
    /// The key that its holder must prove to have.
    pub binding: Option<Binding>,
}

/// A key that a token is bound to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Binding {
    /// The SHA-256 thumbprint of a JWK (RFC 7638), as DPoP has it.
    Jwk([u8; 32]),
}

/// A text in the form of a sealed token. Until it is opened, nothing in it is proven.
pub struct SealedText {
    token_use: TokenUse,
    bytes: [u8; BOUND_BYTES],
    length: usize,
}

impl TokenUse {
    /// Every use.
    pub const ALL: [Self; 3] = [Self::Access, Self::Refresh, Self::Browser];

    /// What its tokens begin with, so that scanners find leaked ones.
    pub const fn prefix(self) -> &'static str {
        match self {
            Self::Access => "exa_",
            Self::Refresh => "exr_",
            Self::Browser => "exb_",
        }
    }

    pub(super) const fn label(self) -> &'static str {
        match self {
            Self::Access => "exeunt access token",
            Self::Refresh => "exeunt refresh token",
            Self::Browser => "exeunt browser token",
        }
    }
}

impl Sealed {
    /// Whether it is no longer accepted at `now`, however its session is judged. It is over at the exact millisecond.
    pub fn is_over(&self, now: Moment) -> bool {
        self.secs > 0 && now >= self.at.plus_secs(self.secs.into())
    }

    /// The bytes that are authenticated; `None` for a time that has no form.
    fn write(&self) -> Option<Vec<u8>> {
        let version = if self.binding.is_some() { BOUND } else { UNBOUND };
        let mut writer = Writer(Vec::with_capacity(BOUND_BYTES));
        writer
            .bytes(&[version])
            .bytes(&self.key.to_be_bytes())
            .bytes(&self.session.0)
            .bytes(&self.generation.to_be_bytes())
            .moment(self.at)?
            .bytes(&self.secs.to_be_bytes())
            .bytes(&self.scopes.to_be_bytes())
            .bytes(&[self.resource]);
        if let Some(Binding::Jwk(thumbprint)) = &self.binding {
            writer.bytes(&[JWK]).bytes(thumbprint);
        }
        Some(writer.0)
    }

    fn read(token_use: TokenUse, bytes: &[u8]) -> Option<Self> {
        let mut reader = Reader(bytes);
        let version = reader.byte()?;
        let sealed = Self {
            key: u32::from_be_bytes(reader.array()?),
            session: SessionId(reader.array()?),
            token_use,
            generation: u32::from_be_bytes(reader.array()?),
            at: reader.moment()?,
            secs: u32::from_be_bytes(reader.array()?),
            scopes: u64::from_be_bytes(reader.array()?),
            resource: reader.byte()?,
            binding: match version {
                BOUND if reader.byte()? == JWK => Some(Binding::Jwk(reader.array()?)),
                UNBOUND => None,
                _ => return None,
            },
        };
        reader.end()?;
        Some(sealed)
    }
}

impl SealedText {
    /// Reads the form of a text: prefix, length, alphabet and version. It allocates nothing.
    pub fn read(text: &str) -> Option<Self> {
        let (prefix, rest) = text.split_at_checked(PREFIX_CHARS)?;
        let token_use = TokenUse::ALL.into_iter().find(|token_use| token_use.prefix() == prefix)?;
        let (version, length) = match text.len() {
            TOKEN_CHARS => (UNBOUND, UNBOUND_BYTES),
            BOUND_TOKEN_CHARS => (BOUND, BOUND_BYTES),
            _ => return None,
        };
        let mut bytes = [0; BOUND_BYTES];
        let decoded = URL_SAFE_NO_PAD.decode_slice(rest, &mut bytes[..length]).ok()?;
        (decoded == length && bytes[0] == version).then_some(Self { token_use, bytes, length })
    }

    /// The use that its prefix says.
    pub const fn token_use(&self) -> TokenUse {
        self.token_use
    }

    /// The session that it names, by which its realm and so its keys are found.
    pub fn session(&self) -> SessionId {
        let mut id = [0; 16];
        id.copy_from_slice(&self.bytes[SESSION_OFFSET..SESSION_OFFSET + 16]);
        SessionId(id)
    }

    /// What it says, if one of these keys has sealed it. This costs one HMAC of at most 77 bytes.
    pub fn open(&self, keys: &SealingKeys) -> Option<Sealed> {
        let (body, mac) = self.bytes[..self.length].split_at_checked(self.length - MAC_BYTES)?;
        let key = keys.numbered(u32::from_be_bytes(Reader(&body[NUMBER_OFFSET..]).array()?))?;
        let own = hmac::sign(key.for_tokens(self.token_use), body);
        let same = bool::from(own.as_ref()[..MAC_BYTES].ct_eq(mac));
        same.then(|| Sealed::read(self.token_use, body))?
    }
}

impl SealingKeys {
    /// The token that says this. The same sentence is always the same text. `None` if its key is not among these, or
    /// its time is beyond the year 10888.
    pub fn seal_token(&self, sealed: &Sealed) -> Option<Token> {
        let key = self.numbered(sealed.key)?;
        let mut bytes = sealed.write()?;
        let mac = hmac::sign(key.for_tokens(sealed.token_use), &bytes);
        bytes.extend_from_slice(&mac.as_ref()[..MAC_BYTES]);
        let mut text = String::with_capacity(BOUND_TOKEN_CHARS);
        text.push_str(sealed.token_use.prefix());
        URL_SAFE_NO_PAD.encode_string(&bytes, &mut text);
        Some(Token::plain(text))
    }
}
