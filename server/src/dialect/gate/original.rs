//! The application's call that a gateway asks about. The gateway says what was called in headers, nginx in
//! `X-Original-…`, Caddy and Traefik in `X-Forwarded-…`, or Envoy in the path behind `/call`; the call's own headers
//! come as they were. It is put together again here, so that a dialect reads it as it reads any other.
//!
//! Deliberately not looked at: the host and the scheme. No dialect's credential depends on them.

use exeunt_core::{ClientId, RealmId};
use http::{HeaderName, Method, Uri};

use super::CREDENTIAL;
use crate::address;
use crate::app::{App, Spoken};
use crate::authority::realm::MAIN;
use crate::dialect::ADMIN;
use crate::error::{Error, Kind, Result};
use crate::exchange::Exchange;
use crate::headers::{Headers, text};

/// Where the gate is, after the mount of the native dialect.
pub const PREFIX: &str = "/v1/gate";
/// The longest address of an application's call, in bytes: what nginx takes as it is delivered.
pub const ADDRESS_BYTES_MAX: usize = 8 * 1024;

/// Where gateways say what was called, and by which method.
const ADDRESS: [HeaderName; 2] =
    [HeaderName::from_static("x-original-uri"), HeaderName::from_static("x-forwarded-uri")];
const METHOD: [HeaderName; 2] =
    [HeaderName::from_static("x-original-method"), HeaderName::from_static("x-forwarded-method")];

/// What a path of the gate asks.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Question<'a> {
    /// The name of the dialect.
    pub dialect: &'a str,
    /// The dialect's own refusal is asked for.
    pub refusal: bool,
    /// The realm that stands behind the name, after an `@`.
    realm: Option<&'a str>,
    /// The client that stands behind that, after a `:`.
    client: Option<&'a str>,
    /// The address of the application's call, where the path holds it.
    call: Option<&'a str>,
    query: Option<&'a str>,
}

/// An application's call.
pub struct Original {
    /// The call. It has no body: gateways keep it.
    pub call: Exchange,
    /// What the gateway did not say, for the log of a refusal.
    pub lacks: Option<String>,
}

impl<'a> Question<'a> {
    /// What is asked; `None`: it is no path of the gate.
    pub fn of(app: &App, uri: &'a Uri) -> Option<Self> {
        let mount = &app.spoken(ADMIN)?.settings.mount;
        Self::read(uri.path().strip_prefix(mount.as_str())?, uri.query())
    }

    fn read(path: &'a str, query: Option<&'a str>) -> Option<Self> {
        let rest = path.strip_prefix(PREFIX)?;
        let of = |named: &'a str, refusal, call| {
            let (named, client) = halves(named, ':');
            let (dialect, realm) = halves(named, '@');
            Some(Self { dialect, refusal, realm, client, call, query })
        };
        match rest {
            "" => return of(ADMIN.name(), false, None),
            "/refusal" => return of(ADMIN.name(), true, None),
            _ => {}
        }
        let rest = rest.strip_prefix('/')?;
        let (named, further) = rest.split_at(rest.find('/').unwrap_or(rest.len()));
        match further {
            "" => of(named, false, None),
            "/refusal" => of(named, true, None),
            // Only what the gateway puts there itself tells a refusal, or a caller could ask for one: some of them are
            // answered 200.
            _ => match further.strip_prefix("/call") {
                Some(call) if call.starts_with('/') => of(named, false, Some(call)),
                _ => of("", false, None),
            },
        }
    }

    /// The realm that the gateway asks about: of native tokens the one that the path names, else `main`; any other
    /// dialect has its own. It is in the path, since a caller can bring headers along, and some gateways hand the
    /// caller's query on; so the gate's own query is not looked at.
    ///
    /// # Errors
    /// `NotFound`, `Malformed("realm")`.
    pub fn realm(&self, app: &App, spoken: &Spoken) -> Result<RealmId> {
        match self.realm {
            None if spoken.dialect.door != ADMIN => Ok(spoken.realm),
            Some(_) if spoken.dialect.door != ADMIN => Err(Error::malformed("realm", "")
                .because("the gate's path names a realm, and this dialect has its own")),
            named => {
                let found = app.authority.realm(named.unwrap_or(MAIN));
                Ok(found
                    .map_err(|error| error.because("the gate's path names a realm that is not there"))?
                    .id)
            }
        }
    }
}

impl Question<'_> {
    /// The client whose sessions alone may pass, if the path names one.
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

/// What stands before the letter, and behind it.
fn halves(text: &str, letter: char) -> (&str, Option<&str>) {
    text.split_once(letter).map_or((text, None), |(before, behind)| (before, Some(behind)))
}

impl Original {
    /// Puts the application's call together from what a gateway says of it. What a peer says that is no trusted proxy is
    /// passed over: anybody can say it.
    ///
    /// # Errors
    /// `Forbidden`, with what is wrong for the log: the gateway says a thing twice, and not the same; what it says is no
    /// address or method, or too long.
    pub fn of(mut x: Exchange, question: &Question<'_>, mount: &str) -> Result<Self> {
        let mut told = Told::of(&x, question)?;
        let mut lacks = told.address.is_none().then(|| NOTHING_SAID.to_owned());
        if !address::is_trusted(x.peer, &x.app.config.trusted_proxies) {
            if told.address.is_some() || x.headers().has(&CREDENTIAL) {
                lacks = Some(format!("what the gateway at {} {NOT_BELIEVED}", x.peer.to_canonical()));
            }
            told = Told::default();
            x.head.headers.remove(&CREDENTIAL);
        }
        x.head.uri = told.address.unwrap_or_default();
        x.head.method = told.method.unwrap_or_default();
        x.mount = if x.head.uri.path().starts_with(mount) { mount.len() } else { 0 };
        Ok(Self { call: x, lacks })
    }
}

const NOTHING_SAID: &str =
    "the gateway says neither in X-Original-URI nor in X-Forwarded-Uri what was called";
const NOT_BELIEVED: &str = "says of the call is not believed: it is not in trusted_proxies";

/// What a gateway says of a call.
#[derive(Default)]
struct Told {
    address: Option<Uri>,
    method: Option<Method>,
}

impl Told {
    fn of(x: &Exchange, question: &Question<'_>) -> Result<Self> {
        if let Some(call) = question.call {
            let address = question.query.map_or_else(|| call.to_owned(), |query| format!("{call}?{query}"));
            return Ok(Self { address: Some(parsed(&address)?), method: Some(x.method().clone()) });
        }
        Ok(Self {
            address: one(x.headers(), &ADDRESS)?.map(parsed).transpose()?,
            method: one(x.headers(), &METHOD)?
                .map(|text| text.parse().map_err(|_| wrong("the method that the gateway names is none")))
                .transpose()?,
        })
    }
}

/// What one of these headers says. A gateway writes one and lets the caller's own other one pass, so where they do not
/// agree nobody knows which is the gateway's.
fn one<'a>(headers: &'a Headers, names: &[HeaderName; 2]) -> Result<Option<&'a str>> {
    let mut said = None;
    for value in names.iter().flat_map(|name| headers.all(name)) {
        let text = text(value).ok_or_else(|| wrong("what the gateway says was called is no text"))?;
        if said.is_some_and(|said| said != text) {
            let [x_original, x_forwarded] = names;
            return Err(wrong(format!(
                "{x_original} and {x_forwarded} do not agree, or are there twice: the gateway must remove the ones that it does not write"
            )));
        }
        said = Some(text);
    }
    Ok(said)
}

fn parsed(text: &str) -> Result<Uri> {
    if text.len() > ADDRESS_BYTES_MAX {
        return Err(wrong(format!(
            "the address that the gateway names has more than {ADDRESS_BYTES_MAX} bytes"
        )));
    }
    text.parse().map_err(|_| wrong("what the gateway says was called is no address"))
}

fn wrong(private: impl std::fmt::Display) -> Error {
    Error::new(Kind::Forbidden, "the gateway is not configured as documented").because(private)
}

#[cfg(test)]
mod tests;
