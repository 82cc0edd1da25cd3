//! The caller: the holder of both halves of a temporary pair. Permanent keys and bearer tokens are recognised, so that
//! they are refused in the right words.

use std::sync::Arc;

use exeunt_core::{RealmId, Token};
use http::header::AUTHORIZATION;

use super::NAME;
use super::error::Code;
use super::pair;
use super::parsed_call::ParsedCall;
use super::partner::partner;
use super::wire::parameter;
use crate::authority::{Client, Presented};
use crate::error::Result;
use crate::http::Request;
use crate::http::form::Fields;
use crate::http::headers::Headers;

/// The credential that a call presents.
pub(super) enum Caller {
    /// None.
    Nobody,
    /// `tmp_key` and `tmp_secret`; `None` for one half alone, or for text that cannot be a pair.
    Temporary(Option<Token>),
    /// `api_key` and `api_secret`, likewise.
    Permanent(Option<Token>),
    /// `Authorization: Bearer`. Exeunt issues no such tokens yet, so none is valid.
    Bearer,
    /// Several of these: they must not be combined.
    Several,
}

/// The halves of a temporary pair, and of a permanent one.
const TEMPORARY: [&str; 2] = ["tmp_key", "tmp_secret"];
const PERMANENT: [&str; 2] = ["api_key", "api_secret"];

impl Caller {
    /// Reads the credential. `rsu_api_reg` and its header only name the calling program, so they are ignored.
    ///
    /// # Errors
    /// `InvalidParameters` if a parameter that is read is repeated, or if the body cannot be parsed.
    pub(super) fn read(request: &Request, parsed: &ParsedCall) -> Result<Self, Code> {
        // The body is not needed only if the pair is in the query.
        if parsed.body.is_broken() && halves(&parsed.query, TEMPORARY)? == [None, None] {
            return Err(Code::InvalidParameters);
        }
        let temporary = pair(parsed, TEMPORARY)?;
        let permanent = pair(parsed, PERMANENT)?;
        Ok(match (temporary, permanent, has_bearer(request.headers())) {
            (None, None, false) => Self::Nobody,
            (Some(pair), None, false) => Self::Temporary(pair),
            (None, Some(pair), false) => Self::Permanent(pair),
            (None, None, true) => Self::Bearer,
            _ => Self::Several,
        })
    }
}

/// The holder of a credential.
pub(super) enum Holder {
    /// The user of this pair's session, if the session is alive.
    Pair(Token),
    /// A partner, which has no session.
    Partner(Arc<Client>),
}

impl Caller {
    /// The holder of the credential, if it is of a usable kind.
    ///
    /// # Errors
    /// `PermissionDenied` without a credential, `KeyAuthenticationFailed`, `InvalidParameters` for several at once.
    pub(super) fn holder(self, request: &Request, realm: RealmId) -> Result<Holder, Code> {
        match self {
            Self::Nobody => Err(Code::PermissionDenied),
            Self::Temporary(Some(pair)) => Ok(Holder::Pair(pair)),
            Self::Permanent(Some(pair)) => {
                let partner = partner(&request.app.authority, realm, &pair);
                partner.map(Holder::Partner).ok_or(Code::KeyAuthenticationFailed)
            }
            Self::Temporary(None) | Self::Permanent(None) | Self::Bearer => {
                Err(Code::KeyAuthenticationFailed)
            }
            Self::Several => Err(Code::InvalidParameters),
        }
    }
}

/// A temporary pair as a credential.
pub(super) const fn presented(realm: RealmId, pair: &Token) -> Presented<'_> {
    Presented { dialect: NAME, realm, client: None, token: pair }
}

/// Reads two parameters that form one credential. If either is in the query, only the query is read, else only the
/// body.
fn pair(parsed: &ParsedCall, names: [&str; 2]) -> Result<Option<Option<Token>>, Code> {
    let halves = match halves(&parsed.query, names)? {
        [None, None] => halves(&parsed.body, names)?,
        halves => halves,
    };
    Ok(match halves {
        [None, None] => None,
        [Some(key), Some(secret)] => Some(pair::token(key, secret)),
        _ => Some(None),
    })
}

/// Every temporary pair that these parameters can form.
pub(super) fn pairs_of(fields: &Fields) -> Vec<Token> {
    let [keys, secrets] = TEMPORARY.map(|wanted| {
        fields.pairs().filter(|(name, _)| *name == wanted).map(|(_, value)| value).collect::<Vec<_>>()
    });
    let pairs = keys.iter().flat_map(|key| secrets.iter().map(move |secret| (key, secret)));
    pairs.filter_map(|(key, secret)| pair::token(key, secret)).collect()
}

fn halves<'a>(fields: &'a Fields, names: [&str; 2]) -> Result<[Option<&'a str>; 2], Code> {
    let [key, secret] = names.map(|name| fields.get(name));
    Ok([parameter(key)?, parameter(secret)?])
}

/// Whether a bearer token is presented. Other schemes and empty tokens are ignored.
fn has_bearer(headers: &Headers) -> bool {
    headers.all(&AUTHORIZATION).any(|value| {
        let text = String::from_utf8_lossy(value);
        let (scheme, token) = text.split_once(' ').unwrap_or((&text, ""));
        scheme.eq_ignore_ascii_case("bearer") && !token.trim().is_empty()
    })
}

/// Whether some reader may find a bearer token: after the word `bearer` anywhere in the header.
pub(super) fn has_bearer_anywhere(headers: &Headers) -> bool {
    headers.all(&AUTHORIZATION).any(|value| {
        let mut words = value.split(|byte| byte.is_ascii_whitespace() || b",;\"".contains(byte));
        words.any(|word| word.eq_ignore_ascii_case(b"bearer")) && words.any(|word| !word.is_empty())
    })
}
