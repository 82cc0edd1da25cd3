//! Origins: which web pages may call a project, and the CORS headers of responses (CORS-01..04).

use http::header::{
    ACCESS_CONTROL_ALLOW_CREDENTIALS, ACCESS_CONTROL_ALLOW_HEADERS, ACCESS_CONTROL_ALLOW_METHODS,
    ACCESS_CONTROL_ALLOW_ORIGIN, ACCESS_CONTROL_EXPOSE_HEADERS, ACCESS_CONTROL_MAX_AGE, ORIGIN, VARY,
};

use super::settings::Project;
use crate::error::{Error, Kind, Result};
use crate::http::headers::{Headers, text};

/// Seconds for which a browser may cache a preflight. Every call checks the origin again, so a change of the project's
/// list still takes effect at once.
const PREFLIGHT_SECS: &str = "600";

/// The origin of a call, as its project judges it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Origin {
    /// The call names no known project.
    Unjudged,
    /// No origin, and the project requires none.
    None,
    /// No origin, and the project requires one.
    Missing,
    /// A page that may call the project.
    Allowed(String),
    /// A page that may not call it.
    Refused,
}

impl Origin {
    /// The origin of a request to this project.
    pub(super) fn of(headers: &Headers, project: Option<&Project>) -> Self {
        let Some(Project { allowed_origins, any_origin, require_origin, .. }) = project else {
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

    /// Refuses a call whose origin is not allowed.
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

    /// Sets the CORS headers of a response: an allowed origin may read it, even if it is an error; any other may not.
    pub(super) fn mark(&self, headers: &mut Headers) {
        // On every response, or a cache would give one origin's response to another.
        headers.add_if_missing(&VARY, "Origin");
        if let Self::Allowed(origin) = self {
            headers.set(&ACCESS_CONTROL_ALLOW_ORIGIN, origin);
            headers.set(&ACCESS_CONTROL_ALLOW_CREDENTIALS, "true");
            headers.set(&ACCESS_CONTROL_EXPOSE_HEADERS, "Authorization");
        }
    }

    /// Sets the headers of a preflight response. PUT and DELETE are allowed, so that a page can read that they are not
    /// supported.
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

/// Whether an origin is listed exactly, or any is allowed. `null` is the origin of every sandboxed page and identifies
/// none, so it is never allowed (CORS-02).
fn allows(list: &[String], any: bool, origin: &str) -> bool {
    if any { origin.contains("://") } else { list.iter().any(|listed| is_same(listed, origin)) }
}

/// Browsers write an origin in small letters and without its scheme's own port (RFC 6454 §6.2); the operator who listed it may not have.
fn is_same(listed: &str, origin: &str) -> bool {
    let port = if listed.starts_with("https:") { ":443" } else { ":80" };
    let as_browsers =
        listed.strip_suffix(port).unwrap_or(listed).bytes().map(|byte| byte.to_ascii_lowercase());
    listed == origin || as_browsers.eq(origin.bytes())
}

#[cfg(test)]
mod tests;
