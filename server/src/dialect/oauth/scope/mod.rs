//! Scopes: what a token is good for (RFC 6749 §3.3).

mod configured;

use std::collections::BTreeSet;
use std::fmt;

use serde::de::Error as _;
use serde::{Deserialize, Deserializer, Serialize, Serializer};

pub use self::configured::{ConfiguredFault, ConfiguredScopes};
use super::error::{ErrorCode, OAuthError};

/// The scope of a grant that outlives the browser session it was made in. It is built in.
pub const OFFLINE_ACCESS: &str = "offline_access";
/// The longest name of a scope, in bytes.
pub const SCOPE_BYTES_MAX: usize = 100;
/// The most scopes that a server, a client or a request has.
pub const SCOPES_MAX: usize = 64;

/// Scopes without repetition, in the order of their names.
#[derive(Clone, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Scopes(BTreeSet<Box<str>>);

/// Why a text names no scopes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ScopeFault {
    /// It is empty, or spaces are not single and between names.
    Spaces,
    /// A name has a character that no scope has.
    Character,
    /// A name is longer than [`SCOPE_BYTES_MAX`].
    TooLong,
    /// There are more than [`SCOPES_MAX`].
    TooMany,
}

impl Scopes {
    /// Reads the value of a `scope` parameter.
    ///
    /// # Errors
    /// The first rule that it breaks.
    pub fn parse(text: &str) -> Result<Self, ScopeFault> {
        let mut names = BTreeSet::new();
        for name in text.split(' ') {
            names.insert(Box::from(scope(name)?));
            if names.len() > SCOPES_MAX {
                return Err(ScopeFault::TooMany);
            }
        }
        Ok(Self(names))
    }

    /// Whether a scope is among them.
    pub fn has(&self, name: &str) -> bool {
        self.0.contains(name)
    }

    /// Whether all of them are among the others.
    pub fn are_within(&self, others: &Self) -> bool {
        self.0.is_subset(&others.0)
    }

    /// Those that are among the others too.
    #[must_use]
    pub fn common(&self, others: &Self) -> Self {
        Self(self.0.intersection(&others.0).cloned().collect())
    }

    /// All but this one.
    #[must_use]
    pub fn without(&self, name: &str) -> Self {
        Self(self.0.iter().filter(|own| ***own != *name).cloned().collect())
    }

    /// Their names, in order.
    pub fn iter(&self) -> impl Iterator<Item = &str> {
        self.0.iter().map(|name| &**name)
    }

    /// How many there are.
    pub fn len(&self) -> usize {
        self.0.len()
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }
}

/// The scopes of an authorization request, or of client credentials, given those that the client is registered with.
/// Without a `scope` parameter it is all of them but `offline_access`.
///
/// # Errors
/// `invalid_scope` for a malformed parameter, and for a scope that is unknown or not the client's.
pub fn asked(asked: Option<&str>, registered: &Scopes) -> Result<Scopes, OAuthError> {
    let Some(text) = asked else { return Ok(registered.without(OFFLINE_ACCESS)) };
    let scopes = Scopes::parse(text).map_err(ScopeFault::into_error)?;
    if scopes.are_within(registered) {
        Ok(scopes)
    } else {
        Err(invalid("a scope is unknown, or the client is not registered for it"))
    }
}

/// The scopes of an access token at a refresh (OA-13): what is asked for must be within the grant. What the client has
/// lost since ends no grant; the token has what is left.
///
/// # Errors
/// `invalid_scope` for a malformed parameter, and for a scope that was not granted.
pub fn narrowed(asked: Option<&str>, granted: &Scopes, registered: &Scopes) -> Result<Scopes, OAuthError> {
    let left = granted.common(registered);
    let Some(text) = asked else { return Ok(left) };
    let scopes = Scopes::parse(text).map_err(ScopeFault::into_error)?;
    if scopes.are_within(granted) {
        Ok(scopes.common(&left))
    } else {
        Err(invalid("a scope was not granted: ask for no more than the grant has"))
    }
}

impl ScopeFault {
    /// The rule that is broken.
    pub const fn text(self) -> &'static str {
        match self {
            Self::Spaces => "scopes are names with single spaces between them",
            Self::Character => {
                "the name of a scope has visible ASCII characters, without quotation mark and backslash"
            }
            Self::TooLong => "the name of a scope has at most 100 characters",
            Self::TooMany => "there are at most 64 scopes",
        }
    }

    fn into_error(self) -> OAuthError {
        invalid(self.text())
    }
}

fn invalid(text: &'static str) -> OAuthError {
    OAuthError::new(ErrorCode::InvalidScope, text)
}

/// The name of one scope: `1*( %x21 / %x23-5B / %x5D-7E )`.
fn scope(name: &str) -> Result<&str, ScopeFault> {
    let allowed = |byte: u8| byte.is_ascii_graphic() && byte != b'"' && byte != b'\\';
    match name {
        "" => Err(ScopeFault::Spaces),
        _ if !name.bytes().all(allowed) => Err(ScopeFault::Character),
        _ if name.len() > SCOPE_BYTES_MAX => Err(ScopeFault::TooLong),
        _ => Ok(name),
    }
}

/// As the value of a `scope` parameter.
impl fmt::Display for Scopes {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.iter().enumerate().try_for_each(|(at, name)| {
            let space = if at == 0 { "" } else { " " };
            write!(f, "{space}{name}")
        })
    }
}

/// As the value of a `scope` parameter, in which no scopes are an empty text.
impl Serialize for Scopes {
    fn serialize<S: Serializer>(&self, to: S) -> Result<S::Ok, S::Error> {
        to.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for Scopes {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        let text = String::deserialize(from)?;
        if text.is_empty() {
            Ok(Self::default())
        } else {
            Self::parse(&text).map_err(|it| D::Error::custom(it.text()))
        }
    }
}

#[cfg(test)]
mod tests;
