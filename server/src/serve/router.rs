//! Finds the endpoint for a request: asks the gate first, then each dialect in order.

use std::net::IpAddr;
use std::sync::Arc;
use std::time::Duration;

use http::{Method, StatusCode, Uri};
use tokio::time::{Instant, sleep};

use crate::app::App;
use crate::dialect::{ADMIN, Dialect, all};
use crate::gate;
use crate::http::{CallKind, Proven, Request, Route, plain};
use crate::serve::places::Place;

/// The listener on which a request arrived.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Listener {
    /// The only listener: it serves everything.
    Only,
    /// The public listener, when there is also one for administrators.
    Public,
    /// The listener for administrators.
    Admin,
}

/// A connection, as its requests see it.
#[derive(Clone)]
pub struct Inbound {
    /// The server.
    pub app: App,
    /// The other end of the connection.
    pub peer: IpAddr,
    /// The listener that accepted it.
    pub side: Listener,
    /// The deadline for the head of its first request.
    pub first_by: Instant,
    /// The key that was last verified on this connection.
    pub(super) proven: Proven,
    /// Its place; `None` if it is served without one.
    pub(super) place: Option<Arc<Place>>,
    /// The enabled dialects, in the order of `app.dialects`.
    dialects: Arc<[&'static Dialect]>,
}

/// The dialect and the route that answer a request.
#[derive(Clone, Copy)]
pub struct Matched {
    /// The index of the dialect in `app.dialects`; `None` if no dialect answers.
    pub(super) enabled: Option<usize>,
    /// The route.
    pub route: Route,
}

impl Inbound {
    /// A connection that was just accepted.
    pub fn new(app: App, peer: IpAddr, side: Listener) -> Self {
        let first_by = sleep(Duration::from_secs(app.config.limits.header_secs)).deadline();
        let dialects = app.dialects.iter().filter_map(|enabled| all::named(enabled.name.name())).collect();
        Self { app, peer, side, first_by, proven: Proven::default(), place: None, dialects }
    }

    /// Sets the place.
    #[must_use]
    pub fn at(mut self, place: Arc<Place>) -> Self {
        self.place = Some(place);
        self
    }

    /// Finds what answers this method on this URI.
    pub fn find(&self, method: &Method, uri: &Uri) -> Matched {
        if let Some((number, route)) = gate::find(&self.app, uri) {
            return Matched { enabled: Some(number), route };
        }
        let path = uri.path();
        let mut all = self.app.dialects.iter().zip(&*self.dialects).enumerate();
        all.find_map(|(number, (enabled, dialect))| {
            let rest = path.strip_prefix(&enabled.settings.mount)?;
            let route = (dialect.route)(method, rest)?.chosen(uri.query());
            let served = match self.side {
                Listener::Only => true,
                Listener::Public => route.kind != CallKind::Admin,
                Listener::Admin => enabled.name == ADMIN,
            };
            served.then_some(Matched { enabled: Some(number), route })
        })
        .unwrap_or(Matched { enabled: None, route: NOWHERE })
    }

    /// The definition of the matched dialect.
    pub(super) fn dialect(&self, matched: Matched) -> Option<&'static Dialect> {
        matched.enabled.and_then(|number| self.dialects.get(number)).copied()
    }
}

/// Answers a path that no dialect has.
const NOWHERE: Route =
    Route::new("none", CallKind::Other, &|_: Request| async { plain(StatusCode::NOT_FOUND) });

/// Answers a request whose head violates HTTP. The connection is closed.
pub(super) const MALFORMED: Route =
    Route::new("malformed", CallKind::Other, &|_: Request| async { plain(StatusCode::BAD_REQUEST) });
/// Answers a body in a transfer coding other than `chunked`.
pub(super) const UNKNOWN_CODING: Route =
    Route::new("malformed", CallKind::Other, &|_: Request| async { plain(StatusCode::NOT_IMPLEMENTED) });
