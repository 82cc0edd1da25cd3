//! The deprecation headers of a dialect, and the response after its sunset (DEP-01 to DEP-07).

use exeunt_core::Moment;
use http::{HeaderName, StatusCode};

use crate::config;
use crate::http::{Response, answer};
use crate::time::date;

/// DEP-07: after its sunset a dialect answers 410 with a pointer to its successor.
pub fn gone(settings: &config::DialectConfig) -> Response {
    let body = serde_json::json!({
        "type": "about:blank",
        "title": "Gone",
        "status": 410,
        "detail": "this interface was switched off; only logging out still works",
        "successor": successor(settings),
    });
    answer(StatusCode::GONE, "application/problem+json", body.to_string())
}

/// DEP-01, DEP-02, DEP-04, DEP-06: sets the headers of every response, errors too.
pub fn deprecate(response: &mut Response, settings: &config::DialectConfig) {
    // DEP-03: the sunset is never before the date of the deprecation.
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

fn successor(settings: &config::DialectConfig) -> &str {
    settings.successor.as_deref().unwrap_or(SUCCESSOR)
}

/// The page of this server that says what to use instead of a deprecated dialect, until there is OAuth.
pub const SUCCESSOR: &str = "/docs/moving-on";
/// The default date of a deprecation: 2026-01-01. The documents of the dialect give no date, and the header must name
/// one.
const DEPRECATED: Moment = Moment::from_secs(1_767_225_600);
