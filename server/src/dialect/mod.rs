//! How the world speaks to us: one folder a dialect, each with the same file names.
//!
//! A dialect routes by matching on the path itself: see `docs/decisions/0001-one-router.md`. Adding one is a folder
//! and a line in [`ALL`]; the front, the stories, the error table, the metrics and the configuration iterate it.

pub mod cookie;
pub mod csv;
pub mod form;
pub mod gate;
pub mod native;
pub mod rested;
pub mod runsignup;
pub mod videntity;
pub mod xml;

use exeunt_core::Door;
use http::Method;

use crate::authority::realm::Builtin;
use crate::dialect::gate::Gate;
use crate::error::Error;
use crate::exchange::{Endpoint, Exchange, Response};

/// Every dialect that this server speaks, in the order in which they are asked for a path.
pub const ALL: &[&Dialect] = &[&native::DIALECT, &videntity::DIALECT, &runsignup::DIALECT, &rested::DIALECT];

/// Their names, in that order.
pub fn names() -> Vec<&'static str> {
    ALL.iter().map(|dialect| dialect.door.name()).collect()
}

/// What a value becomes that could not be decoded: wrong percent-encoding, wrong UTF-8, a NUL. No identifier, password
/// or token holds a NUL, so it is answered as the dialect answers any value that matches nothing.
pub const NOTHING: &str = "\0";

/// The dialect that administrators speak: the one that is served on an address of their own.
pub const ADMIN: Door = Door::new("native");

/// A dialect.
pub struct Dialect {
    /// Its name in configuration, logs and marks.
    pub door: Door,
    /// The client that every realm has for it, with the lifetimes of its documents, in seconds.
    pub builtin: Option<Builtin>,
    /// Its documents call it deprecated: answers say so, and when and what instead is configured.
    pub deprecated: bool,
    /// It is an interface of old, whether called deprecated or not: who still speaks it is counted (DEP-08).
    pub legacy: bool,
    /// Who answers this method on this path (after the mount). `None`: the path is not of this dialect; a wrong
    /// method on a known path is answered by the dialect itself.
    pub route: fn(&Method, path: &str) -> Option<Route>,
    /// How it renders an error, in each of its forms, by the name of the form: for the table of errors. The
    /// rendering itself is one exhaustive match over the error's kind.
    pub errors: fn(&Error) -> Vec<(&'static str, Response)>,
    /// What it adds to the 410 that is answered in its stead after its sunset, so that its callers can read it; most
    /// add [`nothing`].
    pub gone: fn(&Exchange, Response) -> Response,
    /// How it judges an application's call that a gateway asks about.
    pub gate: Gate,
}

/// The answer as it is.
pub fn nothing(_: &Exchange, response: Response) -> Response {
    response
}

/// Who answers.
#[derive(Clone, Copy)]
pub struct Route {
    /// The endpoint.
    pub endpoint: Endpoint,
    /// The call's name in logs and metrics: `login`, `logout`, …
    pub call: &'static str,
    /// What sort of call it is.
    pub sort: Sort,
    /// Where it is the query that chooses the call: what it chooses, instead of all of the above.
    by_query: Option<fn(Option<&str>) -> Self>,
}

/// What sort of call it is: tells what is logged, and what a sunset closes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Sort {
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
    pub const fn new(call: &'static str, sort: Sort, endpoint: Endpoint) -> Self {
        Self { endpoint, call, sort, by_query: None }
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
