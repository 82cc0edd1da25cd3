//! Origins: which web pages may call a project, and what the answers say of it (CORS-01..04).

use http::header::{
    ACCESS_CONTROL_ALLOW_CREDENTIALS, ACCESS_CONTROL_ALLOW_HEADERS, ACCESS_CONTROL_ALLOW_METHODS,
    ACCESS_CONTROL_ALLOW_ORIGIN, ACCESS_CONTROL_EXPOSE_HEADERS, ACCESS_CONTROL_MAX_AGE, ORIGIN, VARY,
};

use crate::authority::Settings;
use crate::error::{Error, Kind, Result};
use crate::http::headers::{Headers, text};

/// Seconds for which a browser may remember a preflight. The origin is judged at every call, so a change of the
/// project's list holds at once all the same.
const PREFLIGHT_SECS: &str = "600";

/// Where a call comes from, as its project sees it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Origin {
    /// No project was named that could be asked.
    Unjudged,
    /// No web page, and the project does not mind.
    None,
    /// No web page, and the project insists on one.
    Missing,
    /// A page that may call.
    Allowed(String),
    /// A page that may not.
    Refused,
}

impl Origin {
    /// The origin of a request to the project with these settings.
    pub(super) fn of(headers: &Headers, project: Option<&Settings>) -> Self {
        let Some(Settings::Project { allowed_origins, any_origin, require_origin, .. }) = project else {
            return Self::Unjudged;
        };
        let mut stated = headers.all(&ORIGIN);
        match (stated.next(), stated.next()) {
            (None, _) if *require_origin => Self::Missing,
            (None, _) => Self::None,
            (Some(origin), None) => text(origin)
                .filter(|origin| allows(allowed_origins, *any_origin, origin))
                .map_or(Self::Refused, |origin| Self::Allowed(origin.to_owned())),
            (Some(_), Some(_)) => Self::Refused,
        }
    }

    /// Whether the call may go on.
    ///
    /// # Errors
    /// `Forbidden`.
    pub(super) fn must_be_allowed(&self) -> Result<()> {
        match self {
            Self::Missing => Err(Error::new(Kind::Forbidden, "A request without an origin is not allowed")),
            Self::Refused => Err(Error::new(Kind::Forbidden, "The origin is not allowed")),
            Self::Unjudged | Self::None | Self::Allowed(_) => Ok(()),
        }
    }

    /// Writes into an answer what its origin may do with it: an allowed one reads it, even if it is an error; any
    /// other gets nothing.
    pub(super) fn mark(&self, headers: &mut Headers) {
        // Of every answer, or a cache would give one origin's answer to another.
        headers.add_if_missing(&VARY, "Origin");
        if let Self::Allowed(origin) = self {
            headers.set(&ACCESS_CONTROL_ALLOW_ORIGIN, origin);
            headers.set(&ACCESS_CONTROL_ALLOW_CREDENTIALS, "true");
            headers.set(&ACCESS_CONTROL_EXPOSE_HEADERS, "Authorization");
        }
    }

    /// Writes into the answer to a preflight what the real request may be. PUT and DELETE are let through, so that a
    /// page can read that they are not supported.
    pub(super) fn mark_preflight(&self, headers: &mut Headers) {
        let vary = "Origin, Access-Control-Request-Method, Access-Control-Request-Headers";
        headers.set(&VARY, vary);
        if let Self::Allowed(_) = self {
            headers.set(&ACCESS_CONTROL_ALLOW_METHODS, "GET, POST, PUT, DELETE");
            headers.set(&ACCESS_CONTROL_ALLOW_HEADERS, "content-type, authorization");
            headers.set(&ACCESS_CONTROL_MAX_AGE, PREFLIGHT_SECS);
        }
    }
}

/// Exactly as listed, or any where that was said. `null` is what every sandboxed page says of itself: it names nobody,
/// so it is never allowed (CORS-02).
fn allows(list: &[String], any: bool, origin: &str) -> bool {
    if any { origin.contains("://") } else { list.iter().any(|listed| is_same(listed, origin)) }
}

/// Browsers write an origin in small letters and without its scheme's own port (RFC 6454 §6.2); whoever listed it may not.
fn is_same(listed: &str, origin: &str) -> bool {
    let port = if listed.starts_with("https:") { ":443" } else { ":80" };
    let as_browsers =
        listed.strip_suffix(port).unwrap_or(listed).bytes().map(|byte| byte.to_ascii_lowercase());
    listed == origin || as_browsers.eq(origin.bytes())
}

#[cfg(test)]
mod tests;
