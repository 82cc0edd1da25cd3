//! How the world speaks to us: one folder a dialect, each with the same file names.
//!
//! A dialect routes by matching on the path itself: see `docs/decisions/0001-one-router.md`. Adding one is a folder
//! and a line in [`all::ALL`]; the router, the stories, the error table, the metrics and the configuration iterate it.

pub mod all;
pub mod csv;
pub mod native;
pub mod passed;
pub mod rested;
pub mod runsignup;
pub mod sunset;
pub mod videntity;
pub mod xml;

use exeunt_core::DialectName;
use http::Method;

use crate::authority::realm::Builtin;
use crate::dialect::passed::Gate;
use crate::error::Error;
use crate::http::{Request, Response, Route};

/// The dialect that administrators speak: the one that is served on an address of their own.
pub const ADMIN: DialectName = DialectName::new("native");

/// A dialect.
pub struct Dialect {
    /// Its name in configuration, logs and marks.
    pub name: DialectName,
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
    pub gone: fn(&Request, Response) -> Response,
    /// How it judges an application's call that a gateway asks about.
    pub gate: Gate,
}

/// The answer as it is.
pub fn nothing(_: &Request, response: Response) -> Response {
    response
}
