//! Routes: which endpoint answers a request, and what kind of call it is.

use futures_util::FutureExt;

use super::{IntoResponse, Request, ResponseFuture};

/// An endpoint with the name and kind of its call.
#[derive(Clone, Copy)]
pub struct Route {
    /// The call's name in logs and metrics: `login`, `logout`, …
    pub call: &'static str,
    pub kind: CallKind,
    endpoint: &'static dyn Endpoint,
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

/// A function that answers requests: any `async fn(Request)` whose result is a response.
pub trait Endpoint: Sync {
    /// Begins to answer. All futures are boxed here.
    fn start(&self, request: Request) -> ResponseFuture;
}

impl<F, R> Endpoint for F
where
    F: Fn(Request) -> R + Sync,
    R: Future<Output: IntoResponse> + Send + 'static,
{
    fn start(&self, request: Request) -> ResponseFuture {
        Box::pin(self(request).map(IntoResponse::into_response))
    }
}

impl Route {
    /// A route to a function, or to a closure that captures nothing: `&login::run`.
    pub const fn new(call: &'static str, kind: CallKind, endpoint: &'static dyn Endpoint) -> Self {
        Self { call, kind, endpoint, by_query: None }
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

    /// Runs the endpoint.
    pub fn start(self, request: Request) -> ResponseFuture {
        self.endpoint.start(request)
    }
}
