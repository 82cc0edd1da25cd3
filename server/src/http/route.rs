//! Which endpoint answers a request, and what kind of call it is.

use super::Endpoint;

/// Who answers.
#[derive(Clone, Copy)]
pub struct Route {
    /// The endpoint.
    pub endpoint: Endpoint,
    /// The call's name in logs and metrics: `login`, `logout`, …
    pub call: &'static str,
    /// What sort of call it is.
    pub kind: CallKind,
    /// Where it is the query that chooses the call: what it chooses, instead of all of the above.
    by_query: Option<fn(Option<&str>) -> Self>,
}

/// What sort of call it is: tells what is logged, and what a sunset closes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum CallKind {
    /// Opens a session.
    Login,
    /// Uses a session: success is counted, not logged.
    Check,
    /// Ends a session: never throttled, and open after a sunset.
    Logout,
    /// Administers: served on the address for administrators only, where there is one.
    Admin,
    /// Asks on behalf of a gateway: the path names the dialect whose call it is.
    Gate,
    /// Anything else.
    Other,
}

impl Route {
    /// A route.
    pub const fn new(call: &'static str, kind: CallKind, endpoint: Endpoint) -> Self {
        Self { endpoint, call, kind, by_query: None }
    }

    /// The same path and method are several calls, and the query chooses one.
    pub fn by_query(choose: fn(Option<&str>) -> Self) -> Self {
        Self { by_query: Some(choose), ..choose(None) }
    }

    /// The route of a request with this query.
    #[must_use]
    pub fn chosen(self, query: Option<&str>) -> Self {
        self.by_query.map_or(self, |choose| choose(query))
    }
}
