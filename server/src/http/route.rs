//! Routes: which endpoint answers a request, and what kind of call it is.

use super::Endpoint;

/// An endpoint with the name and kind of its call.
#[derive(Clone, Copy)]
pub struct Route {
    pub endpoint: Endpoint,
    /// The call's name in logs and metrics: `login`, `logout`, …
    pub call: &'static str,
    pub kind: CallKind,
    /// Set if the query chooses the call: returns the route to use instead of this one.
    by_query: Option<fn(Option<&str>) -> Self>,
}

/// The kind of a call. It decides what is logged, and what a sunset closes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum CallKind {
    /// Opens a session.
    Login,
    /// Uses a session: success is counted, not logged.
    Check,
    /// Ends a session: never throttled, and still answered after a sunset.
    Logout,
    /// Administers: served only on the admin address, if there is one.
    Admin,
    /// A gateway's question: the path names the dialect of the application's call.
    Gate,
    /// Anything else.
    Other,
}

impl Route {
    pub const fn new(call: &'static str, kind: CallKind, endpoint: Endpoint) -> Self {
        Self { endpoint, call, kind, by_query: None }
    }

    /// A route whose query chooses one of several calls.
    pub fn by_query(choose: fn(Option<&str>) -> Self) -> Self {
        Self { by_query: Some(choose), ..choose(None) }
    }

    /// The route of a request with this query.
    #[must_use]
    pub fn chosen(self, query: Option<&str>) -> Self {
        self.by_query.map_or(self, |choose| choose(query))
    }
}
