//! Answers a request: runs its endpoint, adds the headers that every response has, counts it, logs it once.

use std::future::poll_fn;
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
use super::router::{Inbound, Listener, Matched};
use crate::app::{App, EnabledDialect};
use crate::dialect::{Served, sunset};
use crate::error::{Error, RETRY_AFTER_SECS, Unavailability};
use crate::http::headers::Headers;
use crate::http::{
    CallKind, HttpResponse, LogFields, Request, RequestBody, RequestHead, RequestParts, Response,
    ResponseFuture, UnreadInput, client_address, message, plain,
};
use crate::log;
use crate::serve::slots::Slot;

/// Answers a request whose head the HTTP library has read. A client that has closed its sending half may still wait for
/// its response, and looks like one that is gone, so every call runs until a write to the client fails. A call that may
/// write, or that tries a password, runs even then: the library would drop it after the commit and before the cache is
/// updated, or before a failed password is counted. Checks do neither.
pub(super) async fn respond(
    inbound: Inbound,
    request: http::Request<Incoming>,
    unread: UnreadInput,
) -> HttpResponse {
    let (head, body) = request.into_parts();
    let (version, head) = (head.version, RequestHead::from(head));
    let matched = match message::refusal(version, &head.headers) {
        None => inbound.find(&head.method, &head.uri),
        Some(status) => Matched::Nobody("malformed", status),
    };
    let answering = inbound.answer(matched, head, RequestBody::coming(body, unread));
    let response = if matches!(matched.kind(), CallKind::Check | CallKind::Gate) {
        answering.await
    } else {
        // Only the endpoint can panic, and `caught` handles that.
        tokio::spawn(answering).await.unwrap_or_else(|_| plain(StatusCode::INTERNAL_SERVER_ERROR))
    };
    response.into_http(version)
}

impl Inbound {
    /// Answers one request.
    pub fn answer(
        &self,
        matched: Matched<'_>,
        head: RequestHead,
        body: RequestBody,
    ) -> impl Future<Output = Response> + Send + 'static {
        let app = &self.app;
        let now = app.env.now();
        let began = app.env.elapsed();
        let from = client_address::of_caller(self.peer, &head.headers, &app.config.trusted_proxies);
        self.log_untrusted_headers(&head.headers);
        let rest = Remainder { unread: body.unread(), chunked: head.headers.has(&TRANSFER_ENCODING) };
        let waits = self.waiting(&head.headers);
        let method = access_log::known(&head.method);
        let (served, line, asked) = match matched {
            Matched::Endpoint(served, matched) => {
                let (name, route) = (served.definition.name.name(), matched.route);
                let line = Line { dialect: name, call: route.call, kind: route.kind, method, from };
                let dialect = served.enabled.clone();
                let arrival = RequestParts { head, body, dialect, matched };
                let mut request = Request::new(app.clone(), now, from, arrival);
                request.peer = self.peer;
                request.admin = self.side != Listener::Public;
                request.proven = self.proven.clone();
                (Some(served.clone()), line, Responder::Endpoint(request))
            }
            Matched::Nobody(call, status) => {
                let line = Line { dialect: "none", call, kind: matched.kind(), method, from };
                (None, line, Responder::Status(status, body))
            }
        };
        InFlight { app: app.clone(), served, line, now, began, rest, waits }.answer(asked)
    }

    /// The slot that this connection waits for, if it has none yet.
    fn waiting(&self, headers: &Headers) -> Option<Waiting> {
        let slot = self.slot.clone().filter(|slot| !slot.is_served())?;
        let administers = headers.one(&AUTHORIZATION).is_some_and(|value| {
            let scheme = value.split_once(' ').filter(|(scheme, _)| scheme.eq_ignore_ascii_case("bearer"));
            scheme.is_some_and(|(_, key)| self.app.authority.administers(key.trim()))
        });
        Some(Waiting { slot, administers })
    }
}

impl Inbound {
    /// Logs once that an untrusted peer sends headers about client addresses. It may be the operator's own proxy: then
    /// all clients behind it are throttled as one.
    fn log_untrusted_headers(&self, headers: &Headers) {
        let told = &self.app.untrusted_headers_logged;
        if !told.load(Ordering::Relaxed)
            && client_address::is_claimed(headers)
            && !client_address::is_trusted(self.peer, &self.app.config.trusted_proxies)
            && !told.swap(true, Ordering::Relaxed)
        {
            tracing::warn!(
                peer = %self.peer,
                "an untrusted peer sends Forwarded or X-Forwarded-For, which is ignored; if it is your \
                 proxy, set trusted_proxies"
            );
        }
    }
}

/// A request in flight.
struct InFlight {
    app: App,
    /// The dialect that answers, if any.
    served: Option<Served>,
    line: Line,
    now: Moment,
    began: Duration,
    rest: Remainder,
    /// Set if its connection waits for a slot.
    waits: Option<Waiting>,
}

/// What answers it.
enum Responder {
    /// The endpoint that the router found.
    Endpoint(Request),
    /// A bare status. The body is not read.
    Status(StatusCode, RequestBody),
}

/// A slot that a connection waits for.
struct Waiting {
    slot: Arc<Slot>,
    /// Whether the caller presents a key for which slots are reserved.
    administers: bool,
}

/// What decides whether the connection can be used after the response.
struct Remainder {
    unread: UnreadInput,
    chunked: bool,
}

impl InFlight {
    async fn answer(self, responder: Responder) -> Response {
        let Self { app, served, line, now, .. } = &self;
        let mut unanswered = Unanswered { app, line, now: *now, began: self.began, over: false };
        let has_slot = self.has_slot().await;
        let mut response = match (responder, served) {
            _ if !has_slot => full(),
            (Responder::Status(status, body), _) => {
                drop(body);
                plain(status)
            }
            (Responder::Endpoint(request), Some(served)) if is_over(&served.enabled, line.kind, *now) => {
                (served.definition.gone)(&request, sunset::gone(&served.enabled.settings))
            }
            (Responder::Endpoint(request), _) => caught(request.matched.route.start(request)).await,
        };
        unanswered.over = true;
        let legacy = served.as_ref().map(|served| &*served.enabled);
        if let Some(enabled) = legacy.filter(|enabled| enabled.legacy || enabled.is_deprecated()) {
            let client = response.log_fields.client.or_else(|| builtin(app, enabled));
            if app.authority.used((enabled.realm, enabled.name, client), line.call, *now) {
                log::legacy(line.dialect, line.call, client);
            }
            if enabled.is_deprecated() {
                sunset::deprecate(&mut response, &enabled.settings);
                app.metrics.deprecated(line.dialect, line.call, client);
            }
        }
        finish(app, line.kind, &mut response, *now, &self.rest);
        app.metrics.request(line.dialect, line.call, response.status);
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
            self.app.metrics.hung_up(self.line.dialect, self.line.call);
            self.line.hung_up(self.app, self.now, self.began);
        }
    }
}

impl InFlight {
    /// Waits for a slot for its connection; `false` if none became free in time.
    async fn has_slot(&self) -> bool {
        let Some(Waiting { slot, administers }) = &self.waits else { return true };
        let limit = Duration::from_secs(self.app.config.limits.header_secs);
        let served = slot.wait(*administers, limit).await;
        if !served {
            self.app.metrics.connections.found_no_slot(self.now);
        }
        served
    }
}

/// The response on a connection for which no slot became free.
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

fn is_over(enabled: &EnabledDialect, kind: CallKind, now: Moment) -> bool {
    let closed = matches!(kind, CallKind::Login | CallKind::Check);
    closed && enabled.is_over(now)
}

fn finish(app: &App, kind: CallKind, response: &mut Response, now: Moment, rest: &Remainder) {
    let headers = &mut response.headers;
    headers.add_if_missing(&CACHE_CONTROL, "no-store");
    headers.add_if_missing(&X_CONTENT_TYPE_OPTIONS, "nosniff");
    // A gateway may forward our refusal under the host name of an application, whose use of TLS we do not know.
    if app.tls.is_some() && kind != CallKind::Gate {
        headers.add(&STRICT_TRANSPORT_SECURITY, format!("max-age={}", app.config.hsts_secs));
    }
    headers.add(&DATE, app.dates.header(now));
    // RFC 9112 §6.1: a length beside a transfer coding is ignored, and the connection is closed after the response.
    // The library has removed the length by now, so every chunked request closes its connection.
    if rest.chunked || rest.unread.is_any() {
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
