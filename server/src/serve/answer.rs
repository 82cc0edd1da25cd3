//! The life of a request: let its endpoint answer, add what every response carries, count it, log it once.

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

/// Answers a request that the HTTP library has read the head of. A caller that has closed its sending half still waits
/// for its answer, and cannot be told from one that is gone, so every call goes on until writing to the caller fails. A
/// call that may write, or tries a password, goes on even then: the library would drop it between what is on disk and
/// what memory knows, or before the guess has counted. Checks do neither.
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
        // It panics nowhere outside of the endpoint, which is caught.
        tokio::spawn(answering).await.unwrap_or_else(|_| plain(StatusCode::INTERNAL_SERVER_ERROR))
    };
    response.into_http(version)
}

impl Inbound {
    /// Answers one request; `whole` is to tell whether it was read to its end.
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
struct InFlight {
    app: App,
    matched: Matched,
    dialect: Option<&'static Dialect>,
    from: IpAddr,
    now: Moment,
    began: Duration,
    rest: Remainder,
    /// Its connection waits for a place.
    waits: Option<Arc<Place>>,
}

/// What is left on the connection when a request is answered.
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
            _ => caught((route.endpoint)(request)).await,
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

/// A request that is dropped before it is answered, since its caller has hung up or the server stops: counted and
/// logged all the same.
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
    /// Whether its connection is served, which it may have to wait for.
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

/// What is answered on a connection for which no place became free.
fn full() -> Response {
    let mut response = plain(StatusCode::SERVICE_UNAVAILABLE);
    response.headers.set(&RETRY_AFTER, RETRY_AFTER_SECS.to_string());
    response.headers.set(&CONNECTION, "close");
    response.log_fields =
        LogFields::of(&Error::unavailable(Unavailability::Busy).because("all connections are in use"));
    response
}

/// An endpoint that panicked has answered 500: counted, logged and marked like every answer.
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

/// The client that all callers of a dialect share who do not say for which one they speak.
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
    // A gateway may hand our refusal on under the name of an application, of which we know nothing.
    if app.tls.is_some() && route.kind != CallKind::Gate {
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
        assert_eq!(response.log_fields.kind, Some(crate::error::Kind::Internal));
    }
}
