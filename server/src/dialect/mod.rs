//! The wire protocols of the server: each dialect is a folder, and all use the same file names.
//!
//! A dialect routes by matching on the path itself: see `docs/decisions/0001-one-router.md`. A new dialect is a folder
//! and a line in [`all::ALL`]; the router, the stories, the error table, the metrics and the configuration iterate over
//! that list.

pub mod all;
pub mod csv;
pub mod native;
pub mod oauth;
pub mod passed;
pub mod rested;
pub mod runsignup;
pub mod sunset;
pub mod videntity;
pub mod xml;

use std::sync::Arc;

use exeunt_core::DialectName;
use http::Method;

use crate::app::EnabledDialect;
use crate::authority::client::settings::ClientSettings;
use crate::authority::realm::Builtin;
use crate::dialect::passed::Gate;
use crate::error::Error;
use crate::http::{Request, Response, RouteMatch};

/// The dialect of administrators: it can be served on an address of its own.
pub const ADMIN: DialectName = DialectName::new("native");

/// A wire protocol.
pub struct Dialect {
    /// Its name in configuration, logs and marks.
    pub name: DialectName,
    /// The client that every realm has for it, with lifetimes from the dialect's documents, in seconds.
    pub builtin: Option<Builtin>,
    /// `true` if its documents call it deprecated. Responses say so; the configuration says since when, and what to use
    /// instead.
    pub deprecated: bool,
    /// `true` for a legacy interface, whether deprecated or not: its callers are counted (DEP-08).
    pub legacy: bool,
    /// The route of this method, path (after the mount) and query. `None` if the path is not of this dialect. The
    /// dialect itself answers a wrong method on a known path.
    pub route: fn(&Method, path: &str, query: Option<&str>) -> Option<RouteMatch>,
    /// What its clients have of their own. `None` if no client can be made for it.
    pub clients: Option<&'static ClientSettings>,
    /// Renders an error in each of its forms, with the form's name, for the table of errors. The rendering is one
    /// exhaustive match over the error's kind.
    pub errors: fn(&Error) -> Vec<(&'static str, Response)>,
    /// Adds to the 410 after a sunset what its callers need to read it; most add [`nothing`].
    pub gone: fn(&Request, Response) -> Response,
    /// Judges an application's call that a gateway asks about.
    pub gate: &'static dyn Gate,
}

/// An enabled dialect with its definition.
#[derive(Clone)]
pub struct Served {
    pub enabled: Arc<EnabledDialect>,
    pub definition: &'static Dialect,
}

/// Returns the response unchanged.
pub fn nothing(_: &Request, response: Response) -> Response {
    response
}
