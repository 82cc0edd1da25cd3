//! Finds the endpoint for a request: asks the gate first, then each dialect in order.

use std::net::IpAddr;
use std::sync::Arc;
use std::time::Duration;

use http::{Method, StatusCode, Uri};
use tokio::time::{Instant, sleep};

use crate::app::App;
use crate::dialect::{ADMIN, Served, all};
use crate::gate;
use crate::http::{CallKind, Proven, RouteMatch};
use crate::serve::slots::Slot;

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
    /// Its slot; `None` if it is served without one.
    pub(super) slot: Option<Arc<Slot>>,
    /// The enabled dialects, in the order in which they are asked.
    served: Arc<[Served]>,
}

/// What answers a request.
#[derive(Clone, Copy)]
pub enum Matched<'a> {
    /// An endpoint of this dialect.
    Endpoint(&'a Served, RouteMatch),
    /// No dialect: the name of the call in logs, and a bare status.
    Nobody(&'static str, StatusCode),
}

impl Inbound {
    /// A connection that was just accepted.
    pub fn new(app: App, peer: IpAddr, side: Listener) -> Self {
        let first_by = sleep(Duration::from_secs(app.config.limits.header_secs)).deadline();
        let served = app.dialects.iter().filter_map(|enabled| {
            let definition = all::named(enabled.name.name())?;
            Some(Served { enabled: enabled.clone(), definition })
        });
        let served = served.collect();
        Self { app, peer, side, first_by, proven: Proven::default(), slot: None, served }
    }

    /// Sets the slot.
    #[must_use]
    pub fn at(mut self, slot: Arc<Slot>) -> Self {
        self.slot = Some(slot);
        self
    }

    /// Finds what answers this method on this URI.
    pub fn find(&self, method: &Method, uri: &Uri) -> Matched<'_> {
        if let Some((served, matched)) = gate::find(&self.served, uri) {
            return Matched::Endpoint(served, matched);
        }
        let path = uri.path();
        let found = self.served.iter().find_map(|served| {
            let Served { enabled, definition } = served;
            let rest = path.strip_prefix(enabled.settings.mount.as_str())?;
            let matched = (definition.route)(method, rest, uri.query())?;
            let is_here = match self.side {
                Listener::Only => true,
                Listener::Public => matched.route.kind != CallKind::Admin,
                Listener::Admin => enabled.name == ADMIN,
            };
            is_here.then_some(Matched::Endpoint(served, matched))
        });
        found.unwrap_or(Matched::Nobody("none", StatusCode::NOT_FOUND))
    }
}

impl Matched<'_> {
    /// The kind of the call.
    pub const fn kind(&self) -> CallKind {
        match self {
            Self::Endpoint(_, matched) => matched.route.kind,
            Self::Nobody(..) => CallKind::Other,
        }
    }
}
