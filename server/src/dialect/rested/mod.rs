//! rested.dev: `/api/1/ce/<endpoint>?key=…`, JSON.
//!
//! A project has a public key, origins that may call it, and named endpoints. Flags in the query choose the action of a
//! POST. The token is in a cookie, or in the `Authorization` header of requests and responses.

mod caller;
mod cors;
mod error;
mod gate;
mod login;
mod logout;
mod preflight;
mod project;
mod refuse;
mod register;
mod settings;
mod whoami;
mod wire;

use exeunt_core::DialectName;
use http::Method;

pub use self::settings::{Endpoint, Project};
use crate::dialect::Dialect;
use crate::dialect::rested::project::answered;
use crate::http::{CallKind, Route, RouteMatch};

pub const NAME: DialectName = DialectName::new("rested");

/// It has no built-in client, since every project is a client.
pub const DIALECT: Dialect = Dialect {
    name: NAME,
    builtin: None,
    deprecated: false,
    legacy: true,
    route,
    errors: error::table,
    gone: project::marked,
    clients: Some(&settings::SETTINGS),
    gate: &gate::run,
};

/// The prefix of all endpoints: the only version of the service and its only route, "custom endpoints".
const ENDPOINTS: &str = "/api/1/ce/";
/// The supported methods.
const METHODS: &str = "GET, HEAD, POST, OPTIONS";

/// `/api/<version>/<route>/<endpoint…>`, compared exactly. Paths with fewer segments are not of this dialect.
fn route(method: &Method, path: &str, query: Option<&str>) -> Option<RouteMatch> {
    if path.strip_prefix("/api/")?.split('/').count() < 3 {
        return None;
    }
    let Some(endpoint) = path.strip_prefix(ENDPOINTS) else {
        let route = Route::new("nowhere", CallKind::Other, &|request| answered(request, refuse::nowhere));
        return Some(route.into());
    };
    let route = match *method {
        Method::GET | Method::HEAD => {
            Route::new("whoami", CallKind::Check, &|request| answered(request, whoami::run))
        }
        Method::POST => action(query),
        Method::OPTIONS => {
            Route::new("preflight", CallKind::Other, &|request| answered(request, preflight::run))
        }
        _ => Route::new("unsupported", CallKind::Other, &|request| answered(request, refuse::unsupported)),
    };
    Some(RouteMatch::new(route, path, [Some(endpoint)]))
}

/// The action of a POST. The endpoint refuses a query that has too many fields.
fn action(query: Option<&str>) -> Route {
    let query = wire::Query::read(query).unwrap_or_default();
    match (query.login, query.logout) {
        (true, true) => {
            Route::new("confused", CallKind::Other, &|request| answered(request, refuse::confused))
        }
        (true, false) => Route::new("login", CallKind::Login, &|request| answered(request, login::run)),
        (false, true) => Route::new("logout", CallKind::Logout, &|request| answered(request, logout::run)),
        (false, false) => {
            Route::new("register", CallKind::Login, &|request| answered(request, register::run))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn call(method: &Method, path: &str, query: Option<&str>) -> Option<(&'static str, CallKind)> {
        route(method, path, query).map(|matched| (matched.route.call, matched.route.kind))
    }

    #[test]
    fn the_query_chooses_what_a_post_does() {
        let post = |query| call(&Method::POST, "/api/1/ce/examples/auth", query);
        assert_eq!(post(None), Some(("register", CallKind::Login)));
        assert_eq!(post(Some("key=k&login=true")), Some(("login", CallKind::Login)));
        assert_eq!(post(Some("logout=true&key=k")), Some(("logout", CallKind::Logout)));
        assert_eq!(post(Some("logout=true&login=true")), Some(("confused", CallKind::Other)));
        assert_eq!(post(Some("logout=1&login=TRUE")), Some(("register", CallKind::Login)));
        assert_eq!(post(Some("Logout=true")), Some(("register", CallKind::Login)));
    }

    #[test]
    fn only_a_post_looks_at_flags() {
        let call = |method: Method| call(&method, "/api/1/ce/examples/auth", Some("logout=true"));
        assert_eq!(call(Method::GET), Some(("whoami", CallKind::Check)));
        assert_eq!(call(Method::HEAD), Some(("whoami", CallKind::Check)));
        assert_eq!(call(Method::OPTIONS), Some(("preflight", CallKind::Other)));
        assert_eq!(call(Method::PUT), Some(("unsupported", CallKind::Other)));
        assert_eq!(call(Method::DELETE), Some(("unsupported", CallKind::Other)));
    }

    #[test]
    fn version_and_route_come_before_the_method() {
        for path in [
            "/api/2/ce/auth",
            "/api/1/CE/auth",
            "/api/1/cf/auth",
            "/api/01/ce/auth",
            "/api//ce/auth",
            "/api/1//x",
        ] {
            assert_eq!(call(&Method::PUT, path, None), Some(("nowhere", CallKind::Other)), "{path}");
        }
    }

    #[test]
    fn other_paths_are_not_ours() {
        for path in ["", "/api", "/api/", "/api/logout", "/api/1/ce", "/API/1/ce/auth", "/v1/1/ce/auth"] {
            assert_eq!(call(&Method::POST, path, None), None, "{path}");
        }
    }
}
