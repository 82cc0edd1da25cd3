//! Answers a request: runs its endpoint, adds the headers that every response has, counts it, logs it once.

use std::future::poll_fn;
use std::net::IpAddr;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::task::Poll;
use std::time::Duration;

use exeunt_core::{ClientId, Moment};
use http::StatusCode;
use http::header::{
    AUTHORIZATION, CACHE_CONTROL, CONNECTION, DATE, RETRY_AFTER, STRICT_TRANSPORT_SECURITY,
    TRANSFER_ENCODING, X_CONTENT_TYPE_OPTIONS,
};
use hyper::body::Incoming;

use super::access_log::{self, Line};
use super::router::{Inbound, Listener, MALFORMED, Matched, UNKNOWN_CODING};
use crate::app::{App, EnabledDialect};
use crate::dialect::{Dialect, sunset};
use crate::error::{Error, RETRY_AFTER_SECS, Unavailability};
use crate::http::consumed::Whole;
use crate::http::headers::Headers;
use crate::http::{
    CallKind, HttpResponse, LogFields, Request, RequestBody, RequestHead, RequestParts, Response,
    ResponseFuture, Route, client_address, message, plain,
};
use crate::log;
use crate::serve::places::Place;

/// Answers a request whose head the HTTP library has read. A client that has closed its sending half may still wait for
/// its response, and looks like one that is gone, so every call runs until a write to the client fails. A call that may
/// write, or that tries a password, runs even then: the library would drop it after the commit and before the cache is
/// updated, or before a failed password is counted. Checks do neither.
pub(super) async fn respond(
    inbound: Inbound,
    request: http::Request<Incoming>,
    whole: Whole,
) -> HttpResponse {
    let (head, body) = request.into_parts();
    let (version, head) = (head.version, RequestHead::from(head));
    let matched = match message::refusal(version, &head.headers) {
        None => inbound.find(&head.method, &head.uri),
        Some(StatusCode::NOT_IMPLEMENTED) => Matched { enabled: None, route: UNKNOWN_CODING },
        Some(_) => Matched { enabled: None, route: MALFORMED },
    };
    let answering = inbound.answer(matched, head, RequestBody::Coming(body), whole);
    let response = if matches!(matched.route.kind, CallKind::Check | CallKind::Gate) {
        answering.await
    } else {
        // Only the endpoint can panic, and `caught` handles that.
        tokio::spawn(answering).await.unwrap_or_else(|_| plain(StatusCode::INTERNAL_SERVER_ERROR))
    };
    response.into_http(version)
}

impl Inbound {
    /// Answers one request. `whole` reports whether the request was read to its end.
    pub fn answer(
        &self,
        matched: Matched,
        head: RequestHead,
        body: RequestBody,
        whole: Whole,
    ) -> impl Future<Output = Response> + Send + 'static {
        let app = &self.app;
        let now = app.env.now();
        let began = app.env.elapsed();
        let from = client_address::of_caller(self.peer, &head.headers, &app.config.trusted_proxies);
        self.tell_of_a_stranger(&head.headers);
        let chunked = head.headers.has(&TRANSFER_ENCODING);
        let enabled = matched.enabled.and_then(|number| app.dialects.get(number));
        let arrival = RequestParts { head, body, whole: whole.clone() };
        let mut request = Request::new(app.clone(), now, from, arrival);
        request.mount = enabled.map_or(0, |enabled| enabled.settings.mount.len());
        request.peer = self.peer;
        request.admin = self.side != Listener::Public;
        request.proven = self.proven.clone();
        let rest = Remainder { whole, chunked };
        let waits = self.place.clone().filter(|place| !place.is_served());
        let dialect = self.dialect(matched);
        InFlight { app: app.clone(), matched, dialect, from, now, began, rest, waits }.answer(request)
    }
}

impl Inbound {
    /// Logs once that an untrusted peer sends headers about client addresses. It may be the operator's own proxy: then
    /// all clients behind it are throttled as one.
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

/// A request in flight.
struct InFlight {
    app: App,
    matched: Matched,
    dialect: Option<&'static Dialect>,
    from: IpAddr,
    now: Moment,
    began: Duration,
    rest: Remainder,
    /// The place that its connection waits for; `None` if it is served.
    waits: Option<Arc<Place>>,
}

/// What decides whether the connection can be used after the response.
struct Remainder {
    whole: Whole,
    chunked: bool,
}

impl InFlight {
    async fn answer(self, request: Request) -> Response {
        let Self { app, matched: Matched { enabled, route }, now, .. } = &self;
        let enabled = enabled.and_then(|number| app.dialects.get(number));
        let name = self.dialect.map_or("none", |dialect| dialect.name.name());
        let method = access_log::known(request.method());
        let line = Line { dialect: name, route: *route, method, from: self.from };
        let mut unanswered = Unanswered { app, line: &line, now: *now, began: self.began, over: false };
        let mut response = match enabled.zip(self.dialect) {
            _ if !self.has_place(&request).await => full(),
            Some((enabled, dialect)) if is_over(enabled, *route, *now) => {
                (dialect.gone)(&request, sunset::gone(&enabled.settings))
            }
            _ => caught(route.start(request)).await,
        };
        unanswered.over = true;
        if let Some(enabled) = enabled.filter(|enabled| enabled.legacy || enabled.is_deprecated()) {
            let client = response.log_fields.client.or_else(|| builtin(app, enabled));
            if app.authority.used((enabled.realm, enabled.name, client), route.call, *now) {
                log::legacy(name, route.call, client);
            }
            if enabled.is_deprecated() {
                sunset::deprecate(&mut response, &enabled.settings);
                app.metrics.deprecated(name, route.call, client);
            }
        }
        finish(app, *route, &mut response, *now, &self.rest);
        app.metrics.request(name, route.call, response.status);
        line.write(app, response.status, &response.log_fields, *now, self.began);
        response
    }
}

/// Counts and logs a request that is dropped before it is answered, because its client hung up or the server stops.
struct Unanswered<'a> {
    app: &'a App,
    line: &'a Line,
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

impl InFlight {
    /// Waits for a place for its connection; `false` if none became free in time.
    async fn has_place(&self, request: &Request) -> bool {
        let Some(place) = &self.waits else { return true };
        let administers = request.header(&AUTHORIZATION).is_some_and(|value| {
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

/// The response on a connection for which no place became free.
fn full() -> Response {
    let mut response = plain(StatusCode::SERVICE_UNAVAILABLE);
    response.headers.set(&RETRY_AFTER, RETRY_AFTER_SECS.to_string());
    response.headers.set(&CONNECTION, "close");
    response.log_fields =
        LogFields::of(&Error::unavailable(Unavailability::Busy).because("all connections are in use"));
    response
}

/// Runs an endpoint. If it panics, the response is 500, which is counted and logged like any other.
async fn caught(mut answer: ResponseFuture) -> Response {
    let broken = || {
        let mut response = plain(StatusCode::INTERNAL_SERVER_ERROR);
        response.log_fields = LogFields::of(&Error::internal("an endpoint panicked"));
        response
    };
    poll_fn(move |cx| {
        let polled = catch_unwind(AssertUnwindSafe(|| answer.as_mut().poll(cx)));
        polled.unwrap_or_else(|_| Poll::Ready(broken()))
    })
    .await
}

/// The client of calls that name no client: the built-in one of the dialect.
fn builtin(app: &App, enabled: &EnabledDialect) -> Option<ClientId> {
    app.authority.builtin_client(enabled.realm, enabled.name).ok().map(|client| client.id)
}

fn is_over(enabled: &EnabledDialect, route: Route, now: Moment) -> bool {
    let closed = matches!(route.kind, CallKind::Login | CallKind::Check);
    closed && enabled.is_over(now)
}

fn finish(app: &App, route: Route, response: &mut Response, now: Moment, rest: &Remainder) {
    let headers = &mut response.headers;
    headers.add_if_missing(&CACHE_CONTROL, "no-store");
    headers.add_if_missing(&X_CONTENT_TYPE_OPTIONS, "nosniff");
    // A gateway may forward our refusal under the host name of an application, whose use of TLS we do not know.
    if app.tls.is_some() && route.kind != CallKind::Gate {
        headers.add(&STRICT_TRANSPORT_SECURITY, format!("max-age={}", app.config.hsts_secs));
    }
    headers.add(&DATE, app.dates.header(now));
    // RFC 9112 §6.1: a length beside a transfer coding is ignored, and the connection is closed after the response.
    // The library has removed the length by now, so every chunked request closes its connection.
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
        assert_eq!(response.log_fields.kind, Some(crate::error::Kind::Internal));
    }
}
