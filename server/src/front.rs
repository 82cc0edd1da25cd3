//! The life of a request: find the dialect, let it answer, add what every answer carries, count it, log it once.

use std::net::IpAddr;

use exeunt_core::Moment;
use http::header::{CACHE_CONTROL, CONNECTION, DATE, HeaderValue, RETRY_AFTER, TRANSFER_ENCODING};
use http::{HeaderName, Request, StatusCode};
use hyper::body::Incoming;

use crate::app::{App, Spoken};
use crate::dialect::{Route, Sort};
use crate::error::Error;
use crate::exchange::{Exchange, Noted, Response, answer, plain};
use crate::{address, config, date, log};

/// Which of its addresses a request came in on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Side {
    /// The only one: everything is served here.
    Only,
    /// The one for everybody, beside one for administrators.
    Public,
    /// The one for administrators.
    Admin,
}

/// Answers one request.
pub async fn respond(app: App, peer: IpAddr, side: Side, request: Request<Incoming>) -> Response {
    let now = app.env.now();
    let began = app.env.elapsed();
    let from = address::of_caller(peer, request.headers(), &app.config.trusted_proxies);
    let chunked = request.headers().contains_key(TRANSFER_ENCODING);
    let mut exchange = Exchange::new(app.clone(), now, from, side != Side::Public, request);
    let Some((spoken, route)) = find(&app, side, &exchange) else {
        let mut response = plain(StatusCode::NOT_FOUND);
        finish(&app, &mut response, now, chunked);
        app.metrics.request("none", "none", response.status());
        return response;
    };
    exchange.mount = spoken.settings.mount.len();
    let line = log::Line { dialect: spoken.dialect.door, route, method: exchange.method().clone(), from };
    let mut response =
        if over(spoken, route, now) { gone(&spoken.settings) } else { (route.endpoint)(exchange).await };
    if spoken.dialect.deprecated {
        deprecate(&mut response, &spoken.settings);
    }
    finish(&app, &mut response, now, chunked);
    app.metrics.request(spoken.dialect.door.name(), route.call, response.status());
    line.write(&app, response.status(), response.extensions().get::<Noted>(), now, app.env.elapsed() - began);
    response
}

/// Says when a caller should ask again, where that is known: for dialects that answer so.
pub fn retry_after(response: &mut Response, error: &Error) {
    if let Some(secs) = error.kind().retry_after_secs() {
        response.headers_mut().insert(RETRY_AFTER, HeaderValue::from(secs));
    }
}

fn find<'a>(app: &'a App, side: Side, exchange: &Exchange) -> Option<(&'a Spoken, Route)> {
    let path = exchange.head.uri.path();
    app.spoken.iter().find_map(|spoken| {
        let rest = path.strip_prefix(&spoken.settings.mount)?;
        let route = (spoken.dialect.route)(exchange.method(), rest)?.chosen(exchange.query());
        let served = match side {
            Side::Only => true,
            Side::Public => route.sort != Sort::Admin,
            Side::Admin => spoken.dialect.door == crate::dialect::ADMIN,
        };
        served.then_some((spoken, route))
    })
}

fn over(spoken: &Spoken, route: Route, now: Moment) -> bool {
    let closed = matches!(route.sort, Sort::Login | Sort::Check);
    closed && spoken.settings.sunset_at().is_some_and(|sunset| sunset <= now)
}

/// DEP-07: after its sunset a dialect answers 410 with a pointer to what took its place.
fn gone(settings: &config::Dialect) -> Response {
    let body = serde_json::json!({
        "type": "about:blank",
        "title": "Gone",
        "status": 410,
        "detail": "this interface has reached its end; logging out still works",
        "successor": settings.successor,
    });
    answer(StatusCode::GONE, "application/problem+json", body.to_string())
}

/// DEP-01, DEP-02, DEP-04, DEP-06: on every answer, errors too.
fn deprecate(response: &mut Response, settings: &config::Dialect) {
    let successor = settings.successor.as_deref().unwrap_or(SUCCESSOR);
    let link = format!("<{successor}>; rel=\"successor-version\"");
    let fields = [
        (
            HeaderName::from_static("deprecation"),
            settings.deprecated_at().map(|at| format!("@{}", at.secs())),
        ),
        (HeaderName::from_static("sunset"), settings.sunset_at().map(date::text)),
        (http::header::LINK, Some(link)),
    ];
    for (name, text) in fields {
        if let Some(value) = text.and_then(|text| HeaderValue::from_str(&text).ok()) {
            response.headers_mut().insert(name, value);
        }
    }
}

/// Where users of a deprecated dialect read what to use instead, until OAuth is spoken here.
const SUCCESSOR: &str = "https://exeunt.example/docs/moving-on";

fn finish(app: &App, response: &mut Response, now: Moment, chunked: bool) {
    let headers = response.headers_mut();
    headers.entry(CACHE_CONTROL).or_insert(HeaderValue::from_static("no-store"));
    headers.insert(DATE, app.dates.header(now));
    // RFC 9112 §6.1: a length beside a transfer coding is ignored, and the connection closed after the answer. The
    // length is gone by now, so every chunked request ends its connection.
    if chunked {
        headers.insert(CONNECTION, HeaderValue::from_static("close"));
    }
}
