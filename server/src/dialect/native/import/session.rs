//! A row of an import: a live session of another system.

use std::net::{IpAddr, SocketAddr};

use exeunt_core::token::{SESSION_PREFIX, TOKEN_BYTES_MAX};
use exeunt_core::{ClientId, DialectName, Fingerprint, Moment, Token, UserId};
use serde::Deserialize;

use crate::app::App;
use crate::authority::Identifier;
use crate::authority::migrate::sessions::{ClientNamed, Elsewhere};
use crate::dialect::native::wire;
use crate::error::{Error, Result};
use crate::time::{GivenSecs, GivenTime};

/// The fewest characters of a token in clear. Shorter ones are row numbers or words, and can be guessed, since checks
/// are not throttled. 16 hexadecimal digits are 64 bits, the minimum of OWASP's session management.
const TOKEN_CHARS_MIN: usize = 16;

/// A row: the token or its SHA-256, exactly one identifier of the user, and optional members.
#[derive(Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub(super) struct GivenSession {
    token: Option<String>,
    token_sha256: Option<String>,
    user: Option<String>,
    username: Option<String>,
    email: Option<String>,
    account_number: Option<String>,
    dialect: Option<String>,
    client: Option<String>,
    issued_at: Option<GivenTime>,
    last_seen_at: Option<GivenTime>,
    expires_at: Option<GivenTime>,
    idle_secs: Option<GivenSecs>,
    absolute_secs: Option<GivenSecs>,
    user_agent: Option<String>,
    address: Option<String>,
}

impl GivenSession {
    /// Parses the row.
    ///
    /// # Errors
    /// `Malformed(field)`.
    pub(super) fn into_elsewhere(self, app: &App) -> Result<Elsewhere> {
        let (idle_secs, absolute_secs) =
            wire::lifetimes(self.idle_secs.as_ref(), self.absolute_secs.as_ref())?;
        let expires_at = self.expires_at.as_ref().map(|time| time.read("expires_at")).transpose()?;
        Ok(Elsewhere {
            token: self.fingerprint()?,
            user: self.identifier()?,
            dialect: self.dialect.as_deref().map(|name| dialect(app, name)).transpose()?,
            client: self.client.as_deref().map(client),
            issued_at: moment("issued_at", self.issued_at.as_ref())?,
            seen_at: moment("last_seen_at", self.last_seen_at.as_ref())?,
            expires_at,
            idle_secs,
            absolute_secs,
            user_agent: self.user_agent,
            from: self.address.as_deref().and_then(address),
        })
    }

    /// Applies the dialect and the client of the batch, unless the row names one of them.
    pub(super) fn or(self, dialect: Option<&str>, client: Option<&str>) -> Self {
        if self.dialect.is_some() || self.client.is_some() {
            return self;
        }
        Self { dialect: dialect.map(str::to_owned), client: client.map(str::to_owned), ..self }
    }

    fn fingerprint(&self) -> Result<Fingerprint> {
        match (&self.token, &self.token_sha256) {
            (Some(token), None) if token.starts_with(SESSION_PREFIX) => Err(Error::malformed(
                "token",
                "this token was issued by Exeunt; only tokens of other servers can be imported",
            )),
            (Some(token), None) if token.chars().count() < TOKEN_CHARS_MIN => Err(Error::malformed(
                "token",
                format!("the token has fewer than {TOKEN_CHARS_MIN} characters, so it could be guessed"),
            )),
            (Some(token), None) => {
                Token::presented(token).map(|token| token.fingerprint()).ok_or_else(|| {
                    Error::malformed(
                        "token",
                        format!("the token is too long; expected at most {TOKEN_BYTES_MAX} bytes"),
                    )
                })
            }
            (None, Some(digits)) => Fingerprint::from_digits(digits).ok_or_else(|| {
                Error::malformed("token_sha256", "this is not a SHA-256; expected 64 hexadecimal digits")
            }),
            _ => Err(Error::malformed("token", "expected either token or token_sha256")),
        }
    }

    fn identifier(&self) -> Result<Identifier> {
        let id = self.user.as_deref().map(str::parse::<UserId>).transpose();
        let given = [
            id.map_err(|_| Error::not_found("user"))?.map(Identifier::Id),
            self.username.clone().map(Identifier::Username),
            self.email.clone().map(Identifier::Email),
            self.account_number.clone().map(Identifier::AccountNumber),
        ];
        let mut given = given.into_iter().flatten();
        match (given.next(), given.next()) {
            (Some(identifier), None) => Ok(identifier),
            _ => Err(Error::malformed("user", "expected one of user, username, email and account_number")),
        }
    }
}

/// A dialect by its name.
///
/// # Errors
/// `Malformed("dialect")`.
pub(super) fn dialect(app: &App, name: &str) -> Result<DialectName> {
    let found = app.dialect_names.iter().find(|dialect| dialect.name() == name).copied();
    found.ok_or_else(|| Error::malformed("dialect", "there is no such dialect"))
}

/// A client by its id, or else by its name.
pub(super) fn client(text: &str) -> ClientNamed {
    text.parse::<ClientId>().map_or_else(|_| ClientNamed::Name(text.to_owned()), ClientNamed::Id)
}

/// An address, without an optional port. Only the list of devices shows it, so an invalid one does not refuse the
/// session.
fn address(text: &str) -> Option<IpAddr> {
    let with_port = || text.parse::<SocketAddr>().ok().map(|address| address.ip());
    text.parse().ok().or_else(with_port)
}

fn moment(field: &'static str, time: Option<&GivenTime>) -> Result<Option<Moment>> {
    time.map(|time| time.moment(field)).transpose()
}
