//! Routes: which endpoint answers a request, what kind of call it is, and what the router read from the path.

use futures_util::FutureExt;
use http::Method;

use super::{IntoResponse, Request, ResponseFuture};

/// An endpoint with the name and kind of its call.
#[derive(Clone, Copy)]
pub struct Route {
    /// The call's name in logs and metrics: `login`, `logout`, …
    pub call: &'static str,
    pub kind: CallKind,
    /// The parameters that its query may have, for a dialect that refuses any other.
    pub parameters: &'static [&'static str],
    endpoint: &'static dyn Endpoint,
}

/// A method of a path.
pub struct Verb {
    pub method: Method,
    /// The route that answers it.
    pub route: Route,
}

/// What a dialect has for a method and a path. It goes with the request, so that nothing is looked up twice.
#[derive(Clone, Copy)]
pub struct RouteMatch {
    pub route: Route,
    /// All methods of the path, if the dialect lists them.
    pub verbs: &'static [Verb],
    pub segments: Segments,
}

/// The most pieces of a path that a route needs.
const SEGMENTS_MAX: usize = 7;

/// Pieces of a path, as the router matched them. They are kept as offsets, since the path moves into the request.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Segments([Option<(u16, u16)>; SEGMENTS_MAX]);

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
        Self { call, kind, parameters: &[], endpoint }
    }

    /// Runs the endpoint.
    pub fn start(self, request: Request) -> ResponseFuture {
        self.endpoint.start(request)
    }
}

impl Verb {
    /// Sets the parameters of the query. Any other is refused: ignoring a misspelt `dryrun=1` would end the sessions
    /// instead of counting them.
    #[must_use]
    pub const fn with(mut self, parameters: &'static [&'static str]) -> Self {
        self.route.parameters = parameters;
        self
    }
}

impl RouteMatch {
    /// A match with these pieces of the path.
    pub fn new<const N: usize>(route: Route, path: &str, pieces: [Option<&str>; N]) -> Self {
        Self { route, verbs: &[], segments: Segments::of(path, pieces) }
    }
}

/// For a path without further pieces.
impl From<Route> for RouteMatch {
    fn from(route: Route) -> Self {
        Self { route, verbs: &[], segments: Segments::default() }
    }
}

impl Segments {
    /// These pieces of this path, in the order in which [`Segments::get`] numbers them.
    pub fn of<const N: usize>(path: &str, pieces: [Option<&str>; N]) -> Self {
        const { assert!(N <= SEGMENTS_MAX) };
        let mut all = Self::default();
        for (place, piece) in all.0.iter_mut().zip(pieces) {
            *place = piece.and_then(|piece| span(path, piece));
        }
        all
    }

    /// A piece of the same path.
    pub fn get<'a>(&self, path: &'a str, number: usize) -> Option<&'a str> {
        let (start, end) = (*self.0.get(number)?)?;
        path.get(usize::from(start)..usize::from(end))
    }
}

/// Where a piece of a path begins and ends, in bytes. `None` if it is a text from elsewhere.
fn span(path: &str, piece: &str) -> Option<(u16, u16)> {
    let start = piece.as_ptr().addr().checked_sub(path.as_ptr().addr())?;
    let end = start.checked_add(piece.len()).filter(|end| *end <= path.len())?;
    Some((u16::try_from(start).ok()?, u16::try_from(end).ok()?))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_piece_is_found_again_in_a_copy_of_the_path() {
        let path = "/v1/users/7/sessions";
        let segments = Segments::of(path, [path.get(4..9), None, path.get(10..11), path.get(12..12)]);
        let copy = path.to_owned();
        let found = [0, 1, 2, 3, 4, 99].map(|number| segments.get(&copy, number));
        assert_eq!(found, [Some("users"), None, Some("7"), Some(""), None, None]);
        assert_eq!(Segments::of(path, [Some("users")]).get(path, 0), None, "the text is from elsewhere");
        assert_eq!(segments.get("/v1", 0), None, "another path");
    }
}
