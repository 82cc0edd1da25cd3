//! Which endpoint answers a request: the gate is asked first, then each dialect in turn.

use std::net::IpAddr;
use std::sync::Arc;
use std::time::Duration;

use http::{Method, StatusCode, Uri};
use tokio::time::{Instant, sleep};

use crate::app::App;
use crate::dialect::{ADMIN, Dialect, all};
use crate::gate;
use crate::http::{CallKind, Proven, Route, plain};
use crate::serve::places::Place;

/// Which of its addresses a request came in on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Listener {
    /// The only one: everything is served here.
    Only,
    /// The one for everybody, beside one for administrators.
    Public,
    /// The one for administrators.
    Admin,
}

/// Where a request comes in: on a connection with this server, from this peer.
#[derive(Clone)]
pub struct Inbound {
    /// The server.
    pub app: App,
    /// The other end of the connection.
    pub peer: IpAddr,
    /// The address that it connected to.
    pub side: Listener,
    /// By when the head of its first request must have arrived.
    pub first_by: Instant,
    /// What was proven on this connection.
    pub(super) proven: Proven,
    /// Where it is served, or waits; `None`: it is served in any case.
    pub(super) place: Option<Arc<Place>>,
    /// The dialects that are enabled, in the order of `app.dialects`.
    dialects: Arc<[&'static Dialect]>,
}

/// Who answers a request.
#[derive(Clone, Copy)]
pub struct Matched {
    /// Which of the enabled dialects.
    pub(super) enabled: Option<usize>,
    /// Which of its calls.
    pub route: Route,
}

impl Inbound {
    /// A connection that was accepted just now.
    pub fn new(app: App, peer: IpAddr, side: Listener) -> Self {
        let first_by = sleep(Duration::from_secs(app.config.limits.header_secs)).deadline();
        let dialects = app.dialects.iter().filter_map(|enabled| all::named(enabled.name.name())).collect();
        Self { app, peer, side, first_by, proven: Proven::default(), place: None, dialects }
    }

    /// The same at this place.
    #[must_use]
    pub fn at(mut self, place: Arc<Place>) -> Self {
        self.place = Some(place);
        self
    }

    /// Who answers this method on this address.
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

    /// What the documents say of the dialect that was found.
    pub(super) fn dialect(&self, matched: Matched) -> Option<&'static Dialect> {
        matched.enabled.and_then(|number| self.dialects.get(number)).copied()
    }
}

/// What answers a path that no dialect has.
const NOWHERE: Route =
    Route::new("none", CallKind::Other, |_| Box::pin(async { plain(StatusCode::NOT_FOUND) }));

/// What answers a request whose head is not as HTTP wants it. The connection is closed.
pub(super) const MALFORMED: Route =
    Route::new("malformed", CallKind::Other, |_| Box::pin(async { plain(StatusCode::BAD_REQUEST) }));
/// What answers a body in a transfer coding other than `chunked`.
pub(super) const UNKNOWN_CODING: Route =
    Route::new("malformed", CallKind::Other, |_| Box::pin(async { plain(StatusCode::NOT_IMPLEMENTED) }));
