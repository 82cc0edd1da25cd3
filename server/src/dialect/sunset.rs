//! What a deprecated dialect says of itself, and what is answered after its sunset (DEP-01 to DEP-07).

use exeunt_core::Moment;
use http::{HeaderName, StatusCode};

use crate::config;
use crate::http::{Response, answer};
use crate::time::date;

/// DEP-07: after its sunset a dialect answers 410 with a pointer to what took its place.
pub fn gone(settings: &config::Dialect) -> Response {
    let body = serde_json::json!({
        "type": "about:blank",
        "title": "Gone",
        "status": 410,
        "detail": "this interface has reached its end; logging out still works",
        "successor": successor(settings),
    });
    answer(StatusCode::GONE, "application/problem+json", body.to_string())
}

/// DEP-01, DEP-02, DEP-04, DEP-06: on every answer, errors too.
pub fn deprecate(response: &mut Response, settings: &config::Dialect) {
    // DEP-03: a sunset is never before the day that this names.
    let unsaid = || settings.sunset_at().map_or(DEPRECATED, |sunset| sunset.min(DEPRECATED));
    let since = settings.deprecated_at().unwrap_or_else(unsaid);
    let page = successor(settings);
    let link =
        format!("<{page}>; rel=\"successor-version\", <{page}>; rel=\"deprecation\"; type=\"text/html\"");
    let fields = [
        (HeaderName::from_static("deprecation"), Some(format!("@{}", since.secs()))),
        (HeaderName::from_static("sunset"), settings.sunset_at().map(date::text)),
        (http::header::LINK, Some(link)),
    ];
    for (name, text) in fields {
        if let Some(text) = text {
            response.headers.set(&name, text);
        }
    }
}

fn successor(settings: &config::Dialect) -> &str {
    settings.successor.as_deref().unwrap_or(SUCCESSOR)
}

/// Where users of a deprecated dialect read what to use instead, until OAuth is spoken here: a page of this server.
pub const SUCCESSOR: &str = "/docs/moving-on";
/// Since when a deprecated dialect is so, unless configured: 2026-01-01. Its documents say that it is, but not since
/// when, and the header must name a day.
const DEPRECATED: Moment = Moment::from_secs(1_767_225_600);
