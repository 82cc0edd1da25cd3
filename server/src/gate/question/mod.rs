//! Parses a path of the gate: `/v1/gate`, or `/v1/gate/<dialect>[@<realm>][:<client>]`, then options (`/form`,
//! `/form-in-query`, `/preflights`), then nothing, `/refusal`, or `/call` and the address of the application's call.
//!
//! All options are in the path: a caller can send headers, and some gateways forward the caller's query.

use exeunt_core::{ClientId, RealmId};
use http::Uri;

use crate::app::{App, EnabledDialect};
use crate::authority::realm::MAIN;
use crate::dialect::ADMIN;
use crate::error::{Error, Result};

/// The path of the gate after the mount of the native dialect.
pub const PREFIX: &str = "/v1/gate";

/// A parsed path of the gate.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Question<'a> {
    pub dialect: &'a str,
    /// `true` if the gateway asks for the dialect's own refusal.
    pub refusal: bool,
    /// Where the gateway puts the form of the call.
    pub form: FormPlace,
    /// `true` if a preflight passes, without a session.
    pub preflights: bool,
    /// The realm after the name and an `@`.
    realm: Option<&'a str>,
    /// The client after that and a `:`.
    client: Option<&'a str>,
    /// The address of the application's call, if it is in the path.
    pub call: Option<&'a str>,
    /// The query of the gateway's request.
    pub query: Option<&'a str>,
}

/// Where the gateway puts the form of the call.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum FormPlace {
    /// The gateway does not forward the form. A body of its request is not read.
    #[default]
    Nowhere,
    /// `/form`: the body of the gateway's request is the body of the call.
    Body,
    /// `/form-in-query`: the parameter `body` of the query is the body of the call, and `length` its length.
    Query,
}

impl<'a> Question<'a> {
    /// Parses a path. `None` if it is not the gate's.
    pub fn of(app: &App, uri: &'a Uri) -> Option<Self> {
        let mount = &app.dialect(ADMIN)?.settings.mount;
        Self::read(uri.path().strip_prefix(mount.as_str())?, uri.query())
    }

    pub(super) fn read(path: &'a str, query: Option<&'a str>) -> Option<Self> {
        let rest = path.strip_prefix(PREFIX)?;
        match rest {
            "" => return Some(Self::of_dialect(ADMIN.name(), query)),
            "/refusal" => return Some(Self { refusal: true, ..Self::of_dialect(ADMIN.name(), query) }),
            _ => {}
        }
        let rest = rest.strip_prefix('/')?;
        let (named, further) = rest.split_at(rest.find('/').unwrap_or(rest.len()));
        let question = Self::of_dialect(named, query);
        Some(question.with(further).unwrap_or(Self::of_dialect("", query)))
    }

    fn of_dialect(named: &'a str, query: Option<&'a str>) -> Self {
        let (named, client) = halves(named, ':');
        let (dialect, realm) = halves(named, '@');
        let (refusal, form, preflights, call) = (false, FormPlace::Nowhere, false, None);
        Self { dialect, refusal, form, preflights, realm, client, call, query }
    }

    /// Applies the path after the name. `None` if there is no such path.
    fn with(self, further: &'a str) -> Option<Self> {
        // `/refusal` counts only where the gateway writes it, never in a caller's path: some refusals have status 200.
        match further {
            "" => return Some(self),
            "/refusal" => return Some(Self { refusal: true, ..self }),
            _ => {}
        }
        if let Some(call) = further.strip_prefix("/call") {
            return call.starts_with('/').then_some(Self { call: Some(call), ..self });
        }
        let word = further.strip_prefix('/')?;
        let (word, further) = word.split_at(word.find('/').unwrap_or(word.len()));
        match word {
            "form" if self.form == FormPlace::Nowhere => Self { form: FormPlace::Body, ..self },
            "form-in-query" if self.form == FormPlace::Nowhere => Self { form: FormPlace::Query, ..self },
            "preflights" if !self.preflights => Self { preflights: true, ..self },
            _ => return None,
        }
        .with(further)
    }
}

impl Question<'_> {
    /// The realm that the gateway asks about. For native tokens it is the one in the path, or `main`; every other
    /// dialect has its own.
    ///
    /// # Errors
    /// `NotFound`, `Malformed("realm")`.
    pub fn realm(&self, app: &App, enabled: &EnabledDialect) -> Result<RealmId> {
        match self.realm {
            None if enabled.name != ADMIN => Ok(enabled.realm),
            Some(_) if enabled.name != ADMIN => Err(Error::malformed("realm", "")
                .because("the gate's path names a realm, and this dialect has its own")),
            named => {
                let found = app.authority.realm(named.unwrap_or(MAIN));
                Ok(found
                    .map_err(|error| error.because("the gate's path names a realm that is not there"))?
                    .id)
            }
        }
    }

    /// The client that the path names: only its sessions may pass.
    ///
    /// # Errors
    /// `NotFound`, `Malformed("client")`.
    pub fn client(&self, app: &App, realm: RealmId) -> Result<Option<ClientId>> {
        let Some(named) = self.client else { return Ok(None) };
        let id = named.parse().map_err(|_| {
            Error::malformed("client", "").because("the gate's path names a client, by what is no id")
        })?;
        let found = app.authority.client(realm, id);
        Ok(Some(found.map_err(|error| error.because("the gate's path names a client that is not there"))?.id))
    }
}

/// The text before the letter, and the text after it.
fn halves(text: &str, letter: char) -> (&str, Option<&str>) {
    text.split_once(letter).map_or((text, None), |(before, behind)| (before, Some(behind)))
}

#[cfg(test)]
mod tests;
