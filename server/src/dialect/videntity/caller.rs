//! The caller: the holder of a session key, which is in a form field.

use exeunt_core::{RealmId, Token};

use super::NAME;
use super::wire::mandatory;
use crate::authority::Presented;
use crate::error::{DeadReason, Error, Result};
use crate::http::Request;
use crate::http::form::Fields;

/// A session key, and its realm.
pub(super) struct Caller {
    realm: RealmId,
    key: Token,
}

impl Caller {
    /// Reads the session key.
    ///
    /// # Errors
    /// `Malformed("session_key")`; `Dead(Unknown)` for a text that cannot be a key.
    pub(super) fn read(request: &Request, fields: &Fields) -> Result<Self> {
        let [text] = filled(fields, ["session_key"])?;
        let key = Token::presented(text).ok_or_else(|| Error::dead(DeadReason::Unknown))?;
        Ok(Self { realm: request.dialect.realm, key })
    }

    /// The key as a credential.
    pub(super) const fn presented(&self) -> Presented<'_> {
        Presented { dialect: NAME, realm: self.realm, client: None, token: &self.key }
    }

    /// The key for the response.
    pub(super) fn echo(&self) -> String {
        self.key.expose().to_owned()
    }
}

/// The values of these fields.
///
/// # Errors
/// `Malformed` with the name of the first that is missing, empty or repeated.
pub(super) fn filled<'a, const N: usize>(
    fields: &'a Fields,
    names: [&'static str; N],
) -> Result<[&'a str; N]> {
    mandatory(fields, names).map_err(|name| Error::malformed(name, "missing, empty or repeated"))
}
