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
use crate::http::Segments;

/// The path of the gate after the mount of the native dialect.
pub const PREFIX: &str = "/v1/gate";
/// The words after the name of the dialect.
const FORM: &str = "form";
const FORM_IN_QUERY: &str = "form-in-query";
const PREFLIGHTS: &str = "preflights";
const REFUSAL: &str = "refusal";

/// A parsed path of the gate.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct GatePath<'a> {
    pub dialect: &'a str,
    /// The realm after the name and an `@`.
    realm: Option<&'a str>,
    /// The client after that and a `:`.
    client: Option<&'a str>,
    /// The word that says where the gateway puts the form of the call.
    form: Option<&'a str>,
    /// The word that lets preflights pass.
    preflights: Option<&'a str>,
    /// The word that asks for the dialect's own refusal.
    refusal: Option<&'a str>,
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

impl<'a> GatePath<'a> {
    /// Its pieces of this path, for [`GatePath::matched`].
    pub fn segments(&self, path: &str) -> Segments {
        let Self { dialect, realm, client, form, preflights, refusal, call, .. } = *self;
        Segments::of(path, [Some(dialect), realm, client, form, preflights, refusal, call])
    }

    /// The question whose pieces the router found in this path.
    pub fn matched(segments: &Segments, uri: &'a Uri) -> Self {
        let [dialect, realm, client, form, preflights, refusal, call] =
            std::array::from_fn(|number| segments.get(uri.path(), number));
        let dialect = dialect.unwrap_or(ADMIN.name());
        Self { dialect, realm, client, form, preflights, refusal, call, query: uri.query() }
    }

    /// Parses a path, after the mount of the native dialect. `None` if it is not the gate's.
    pub fn read(path: &'a str, query: Option<&'a str>) -> Option<Self> {
        let rest = path.strip_prefix(PREFIX)?;
        if rest.is_empty() {
            return Some(Self::of_dialect(ADMIN.name(), query));
        }
        let rest = rest.strip_prefix('/')?;
        if rest == REFUSAL {
            return Some(Self { refusal: Some(rest), ..Self::of_dialect(ADMIN.name(), query) });
        }
        let (named, further) = rest.split_at(rest.find('/').unwrap_or(rest.len()));
        let question = Self::of_dialect(named, query);
        Some(question.with(further).unwrap_or(Self::of_dialect("", query)))
    }

    fn of_dialect(named: &'a str, query: Option<&'a str>) -> Self {
        let (named, client) = halves(named, ':');
        let (dialect, realm) = halves(named, '@');
        Self { dialect, realm, client, form: None, preflights: None, refusal: None, call: None, query }
    }

    /// Applies the path after the name. `None` if there is no such path.
    fn with(self, further: &'a str) -> Option<Self> {
        if further.is_empty() {
            return Some(self);
        }
        if let Some(call) = further.strip_prefix("/call") {
            return call.starts_with('/').then_some(Self { call: Some(call), ..self });
        }
        let word = further.strip_prefix('/')?;
        let (word, further) = word.split_at(word.find('/').unwrap_or(word.len()));
        match word {
            // It counts only where the gateway writes it, never in a caller's path: some refusals have status 200.
            REFUSAL if further.is_empty() => Self { refusal: Some(word), ..self },
            FORM | FORM_IN_QUERY if self.form.is_none() => Self { form: Some(word), ..self },
            PREFLIGHTS if self.preflights.is_none() => Self { preflights: Some(word), ..self },
            _ => return None,
        }
        .with(further)
    }
}

impl GatePath<'_> {
    /// Whether the gateway asks for the dialect's own refusal.
    pub const fn refusal(&self) -> bool {
        self.refusal.is_some()
    }

    /// Where the gateway puts the form of the call.
    pub fn form(&self) -> FormPlace {
        match self.form {
            Some(FORM) => FormPlace::Body,
            Some(FORM_IN_QUERY) => FormPlace::Query,
            _ => FormPlace::Nowhere,
        }
    }

    /// Whether a preflight passes, without a session.
    pub const fn preflights(&self) -> bool {
        self.preflights.is_some()
    }

    /// The realm that the gateway asks about. For native tokens it is the one in the path, or `main`; every other
    /// dialect has its own.
    ///
    /// # Errors
    /// `NotFound`, `Malformed("realm")`.
    pub fn realm(&self, app: &App, enabled: &EnabledDialect) -> Result<RealmId> {
        match self.realm {
            None if enabled.name != ADMIN => Ok(enabled.realm),
            Some(_) if enabled.name != ADMIN => Err(Error::malformed("realm", "")
                .because("the gate's path names a realm, but this dialect has its own in the configuration")),
            named => {
                let found = app.authority.realm(named.unwrap_or(MAIN));
                Ok(found
                    .map_err(|error| error.because("the gate's path names a realm that does not exist"))?
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
            Error::malformed("client", "").because("the client in the gate's path is not an id")
        })?;
        let found = app.authority.client(realm, id);
        Ok(Some(
            found.map_err(|error| error.because("the gate's path names a client that does not exist"))?.id,
        ))
    }
}

/// The text before the letter, and the text after it.
fn halves(text: &str, letter: char) -> (&str, Option<&str>) {
    text.split_once(letter).map_or((text, None), |(before, behind)| (before, Some(behind)))
}

#[cfg(test)]
mod tests;
