//! The life of a request: find the dialect, let it answer, add what every answer carries, count it, log it once.

use std::future::poll_fn;
use std::net::IpAddr;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::task::Poll;
use std::time::Duration;

use exeunt_core::{ClientId, Moment};
use http::header::{
    AUTHORIZATION, CACHE_CONTROL, CONNECTION, DATE, RETRY_AFTER, STRICT_TRANSPORT_SECURITY,
    TRANSFER_ENCODING, X_CONTENT_TYPE_OPTIONS,
};
use http::{HeaderName, Method, Request, StatusCode, Uri};
use hyper::body::Incoming;
use tokio::time::{Instant, sleep};

use crate::app::{App, Spoken};
use crate::dialect::gate;
use crate::error::{Error, Outage, RETRY_AFTER_SECS};
use crate::http::consumed::Whole;
use crate::http::headers::Headers;
use crate::http::{
    Answer, Arrival, Exchange, Head, HttpResponse, Noted, Proven, Received, Response, answer, plain,
};
use crate::http::{Route, Sort};
use crate::http::{client_address, message};
use crate::serve::places::Place;
use crate::time::date;
use crate::{config, log};

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

/// Where a request comes in: on a connection with this server, from this peer.
#[derive(Clone)]
pub struct Entrance {
    /// The server.
    pub app: App,
    /// The other end of the connection.
    pub peer: IpAddr,
    /// The address that it connected to.
    pub side: Side,
    /// By when the head of its first request must have arrived.
    pub first_by: Instant,
    /// What was proven on this connection.
    proven: Proven,
    /// Where it is served, or waits; `None`: it is served in any case.
    place: Option<Arc<Place>>,
}

/// Who answers a request.
#[derive(Clone, Copy)]
pub struct Found {
    /// Which of the dialects that are spoken.
    spoken: Option<usize>,
    /// Which of its calls.
    pub route: Route,
}

/// Answers a request that the HTTP library has read the head of. A caller that has closed its sending half still waits
/// for its answer, and cannot be told from one that is gone, so every call goes on until writing to the caller fails. A
/// call that may write, or tries a password, goes on even then: the library would drop it between what is on disk and
/// what memory knows, or before the guess has counted. Checks do neither.
pub async fn respond(entrance: Entrance, request: Request<Incoming>, whole: Whole) -> HttpResponse {
    let (head, body) = request.into_parts();
    let (version, head) = (head.version, Head::from(head));
    let found = match message::refusal(version, &head.headers) {
        None => entrance.find(&head.method, &head.uri),
        Some(StatusCode::NOT_IMPLEMENTED) => Found { spoken: None, route: UNKNOWN_CODING },
        Some(_) => Found { spoken: None, route: MALFORMED },
    };
    let answering = entrance.answer(found, head, Received::Coming(body), whole);
    let response = if matches!(found.route.sort, Sort::Check | Sort::Gate) {
        answering.await
    } else {
        // It panics nowhere outside of the endpoint, which is caught.
        tokio::spawn(answering).await.unwrap_or_else(|_| plain(StatusCode::INTERNAL_SERVER_ERROR))
    };
    response.into_http(version)
}

impl Entrance {
    /// A connection that was accepted just now.
    pub fn new(app: App, peer: IpAddr, side: Side) -> Self {
        let first_by = sleep(Duration::from_secs(app.config.limits.header_secs)).deadline();
        Self { app, peer, side, first_by, proven: Proven::default(), place: None }
    }

    /// The same at this place.
    #[must_use]
    pub fn at(mut self, place: Arc<Place>) -> Self {
        self.place = Some(place);
        self
    }

    /// Who answers this method on this address.
    pub fn find(&self, method: &Method, uri: &Uri) -> Found {
        let path = uri.path();
        let found = self.app.spoken.iter().enumerate().find_map(|(number, spoken)| {
            let rest = path.strip_prefix(&spoken.settings.mount)?;
            let route = (spoken.dialect.route)(method, rest)?.chosen(uri.query());
            let served = match self.side {
                Side::Only => true,
                Side::Public => route.sort != Sort::Admin,
                Side::Admin => spoken.dialect.door == crate::dialect::ADMIN,
            };
            served.then_some(Found { spoken: Some(number), route })
        });
        match found {
            // A path of the gate is of the dialect that it names.
            Some(Found { route, .. }) if route.sort == Sort::Gate => {
                gate::entrusted(&self.app, uri).map(|(number, route)| Found { spoken: Some(number), route })
            }
            found => found,
        }
        .unwrap_or(Found { spoken: None, route: NOWHERE })
    }

    /// Answers one request; `whole` is to tell whether it was read to its end.
    pub fn answer(
        &self,
        found: Found,
        head: Head,
        body: Received,
        whole: Whole,
    ) -> impl Future<Output = Response> + Send + 'static {
        let app = &self.app;
        let now = app.env.now();
        let began = app.env.elapsed();
        let from = client_address::of_caller(self.peer, &head.headers, &app.config.trusted_proxies);
        self.tell_of_a_stranger(&head.headers);
        let chunked = head.headers.has(&TRANSFER_ENCODING);
        let spoken = found.spoken.and_then(|number| app.spoken.get(number));
        let arrival = Arrival { head, body, whole: whole.clone() };
        let mut exchange = Exchange::new(app.clone(), now, from, arrival);
        exchange.mount = spoken.map_or(0, |spoken| spoken.settings.mount.len());
        exchange.peer = self.peer;
        exchange.admin = self.side != Side::Public;
        exchange.proven = self.proven.clone();
        let rest = Rest { whole, chunked };
        let waits = self.place.clone().filter(|place| !place.is_served());
        Visit { app: app.clone(), found, from, now, began, rest, waits }.answer(exchange)
    }
}

impl Entrance {
    /// Says once that somebody who is not believed claims where requests come from: it may be the operator's own proxy,
    /// behind which all callers are then throttled as one.
    fn tell_of_a_stranger(&self, headers: &Headers) {
        let told = &self.app.stranger_told;
        if !told.load(Ordering::Relaxed)
            && client_address::is_claimed(headers)
            && !client_address::is_trusted(self.peer, &self.app.config.trusted_proxies)
            && !told.swap(true, Ordering::Relaxed)
        {
            tracing::warn!(
                peer = %self.peer,
                "a peer that is not trusted sends Forwarded or X-Forwarded-For, and it is not believed: if it is \
                 your proxy, set trusted_proxies"
            );
        }
    }
}

/// A request on its way.
struct Visit {
    app: App,
    found: Found,
    from: IpAddr,
    now: Moment,
    began: Duration,
    rest: Rest,
    /// Its connection waits for a place.
    waits: Option<Arc<Place>>,
}

/// What is left on the connection when a request is answered.
struct Rest {
    whole: Whole,
    chunked: bool,
}

impl Visit {
    async fn answer(self, exchange: Exchange) -> Response {
        let Self { app, found: Found { spoken, route }, now, .. } = &self;
        let spoken = spoken.and_then(|number| app.spoken.get(number));
        let dialect = spoken.map_or("none", |spoken| spoken.dialect.door.name());
        let line =
            log::Line { dialect, route: *route, method: log::known(exchange.method()), from: self.from };
        let mut unanswered = Unanswered { app, line: &line, now: *now, began: self.began, over: false };
        let mut response = match spoken {
            _ if !self.has_place(&exchange).await => full(),
            Some(spoken) if over(spoken, *route, *now) => {
                (spoken.dialect.gone)(&exchange, gone(&spoken.settings))
            }
            _ => caught((route.endpoint)(exchange)).await,
        };
        unanswered.over = true;
        if let Some(spoken) = spoken.filter(|spoken| spoken.dialect.legacy || spoken.deprecated()) {
            let client = response.noted.client.or_else(|| builtin(app, spoken));
            if app.authority.used((spoken.realm, spoken.dialect.door, client), route.call, *now) {
                log::legacy(dialect, route.call, client);
            }
            if spoken.deprecated() {
                deprecate(&mut response, &spoken.settings);
                app.metrics.deprecated(dialect, route.call, client);
            }
        }
        finish(app, *route, &mut response, *now, &self.rest);
        app.metrics.request(dialect, route.call, response.status);
        line.write(app, response.status, &response.noted, *now, self.began);
        response
    }
}

/// A request that is dropped before it is answered, since its caller has hung up or the server stops: counted and
/// logged all the same.
struct Unanswered<'a> {
    app: &'a App,
    line: &'a log::Line,
    now: Moment,
    began: Duration,
    over: bool,
}

impl Drop for Unanswered<'_> {
    fn drop(&mut self) {
        if !self.over {
            self.app.metrics.hung_up(self.line.dialect, self.line.route.call);
            self.line.hung_up(self.app, self.now, self.began);
        }
    }
}

impl Visit {
    /// Whether its connection is served, which it may have to wait for.
    async fn has_place(&self, exchange: &Exchange) -> bool {
        let Some(place) = &self.waits else { return true };
        let administers = exchange.header(&AUTHORIZATION).is_some_and(|value| {
            let scheme = value.split_once(' ').filter(|(scheme, _)| scheme.eq_ignore_ascii_case("bearer"));
            scheme.is_some_and(|(_, key)| self.app.authority.administers(key.trim()))
        });
        let limit = Duration::from_secs(self.app.config.limits.header_secs);
        let served = place.wait(administers, limit).await;
        if !served {
            self.app.metrics.connections.found_no_place(self.now);
        }
        served
    }
}

/// What is answered on a connection for which no place became free.
fn full() -> Response {
    let mut response = plain(StatusCode::SERVICE_UNAVAILABLE);
    response.headers.set(&RETRY_AFTER, RETRY_AFTER_SECS.to_string());
    response.headers.set(&CONNECTION, "close");
    response.noted = Noted::of(&Error::unavailable(Outage::Busy).because("all connections are in use"));
    response
}

/// An endpoint that panicked has answered 500: counted, logged and marked like every answer.
async fn caught(mut answer: Answer) -> Response {
    let broken = || {
        let mut response = plain(StatusCode::INTERNAL_SERVER_ERROR);
        response.noted = Noted::of(&Error::internal("an endpoint panicked"));
        response
    };
    poll_fn(move |cx| {
        let polled = catch_unwind(AssertUnwindSafe(|| answer.as_mut().poll(cx)));
        polled.unwrap_or_else(|_| Poll::Ready(broken()))
    })
    .await
}

/// The client that all callers of a dialect share who do not say for which one they speak.
fn builtin(app: &App, spoken: &Spoken) -> Option<ClientId> {
    app.authority.builtin_client(spoken.realm, spoken.dialect.door).ok().map(|client| client.id)
}

/// What answers a path that no dialect has.
const NOWHERE: Route = Route::new("none", Sort::Other, |_| Box::pin(async { plain(StatusCode::NOT_FOUND) }));

/// What answers a request whose head is not as HTTP wants it. The connection is closed.
const MALFORMED: Route =
    Route::new("malformed", Sort::Other, |_| Box::pin(async { plain(StatusCode::BAD_REQUEST) }));
/// What answers a body in a transfer coding other than `chunked`.
const UNKNOWN_CODING: Route =
    Route::new("malformed", Sort::Other, |_| Box::pin(async { plain(StatusCode::NOT_IMPLEMENTED) }));

/// Says when a caller should ask again, where that is known: for dialects that answer so.
pub fn retry_after(response: &mut Response, error: &Error) {
    if let Some(secs) = error.kind().retry_after_secs() {
        response.headers.set(&RETRY_AFTER, secs.to_string());
    }
}

fn over(spoken: &Spoken, route: Route, now: Moment) -> bool {
    let closed = matches!(route.sort, Sort::Login | Sort::Check);
    closed && spoken.over(now)
}

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
fn deprecate(response: &mut Response, settings: &config::Dialect) {
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

fn finish(app: &App, route: Route, response: &mut Response, now: Moment, rest: &Rest) {
    let headers = &mut response.headers;
    headers.add_if_missing(&CACHE_CONTROL, "no-store");
    headers.add_if_missing(&X_CONTENT_TYPE_OPTIONS, "nosniff");
    // A gateway may hand our refusal on under the name of an application, of which we know nothing.
    if app.tls.is_some() && route.sort != Sort::Gate {
        headers.add(&STRICT_TRANSPORT_SECURITY, format!("max-age={}", app.config.hsts_secs));
    }
    headers.add(&DATE, app.dates.header(now));
    // RFC 9112 §6.1: a length beside a transfer coding is ignored, and the connection closed after the answer. The
    // length is gone by now, so every chunked request ends its connection.
    if rest.chunked || !rest.whole.is() {
        headers.add_if_missing(&CONNECTION, "close");
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_panic_is_answered_and_noted() {
        let answer = caught(Box::pin(async { panic!("for this test") }));
        let response = futures_util::FutureExt::now_or_never(answer).unwrap();
        assert_eq!(response.status, StatusCode::INTERNAL_SERVER_ERROR);
        assert_eq!(response.noted.kind, Some(crate::error::Kind::Internal));
    }
}
