//! Videntity: `POST /session/login`, `/session/ping` and `/session/logout`, answered in XML.
//!
//! The credential of a session is a key in a form field. This dialect has no cookies, headers or origin rules.

mod caller;
mod error;
mod gate;
mod login;
mod logout;
mod ping;
mod refuse;
mod reply;
mod wire;

use exeunt_core::DialectName;
use http::Method;

use crate::authority::realm::Builtin;
use crate::dialect::Dialect;
use crate::http::{CallKind, Route, RouteMatch};

const NAME: DialectName = DialectName::new("videntity");

pub const DIALECT: Dialect = Dialect {
    name: NAME,
    // A key expires after 30 minutes without use; the documents name no other limit.
    builtin: Some(Builtin { dialect: NAME, idle_secs: 30 * 60, absolute_secs: 0 }),
    deprecated: false,
    legacy: true,
    route,
    errors: error::table,
    gone: crate::dialect::nothing,
    clients: None,
    gate: &gate::run,
};

/// `/session/<method>`, or `/sessions/<method>` as one page of the documents writes it. One trailing `/` is accepted;
/// the case must match.
fn route(method: &Method, path: &str, _: Option<&str>) -> Option<RouteMatch> {
    let name = path.strip_prefix("/session/").or_else(|| path.strip_prefix("/sessions/"))?;
    let route = match name.strip_suffix('/').unwrap_or(name) {
        "login" => Route::new("login", CallKind::Login, &login::run),
        "ping" => Route::new("ping", CallKind::Check, &ping::run),
        "logout" => Route::new("logout", CallKind::Logout, &logout::run),
        _ => return None,
    };
    let refused = Route::new(route.call, CallKind::Other, &refuse::run);
    Some(if method == Method::POST { route } else { refused }.into())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn call(method: &Method, path: &str) -> Option<(&'static str, CallKind)> {
        route(method, path, None).map(|matched| (matched.route.call, matched.route.kind))
    }

    #[test]
    fn three_methods_under_two_names() {
        for path in ["/session/logout", "/session/logout/", "/sessions/logout", "/sessions/logout/"] {
            assert_eq!(call(&Method::POST, path), Some(("logout", CallKind::Logout)), "{path}");
            assert_eq!(call(&Method::GET, path), Some(("logout", CallKind::Other)), "{path}");
        }
        assert_eq!(call(&Method::POST, "/session/login"), Some(("login", CallKind::Login)));
        assert_eq!(call(&Method::POST, "/sessions/ping"), Some(("ping", CallKind::Check)));
    }

    #[test]
    fn other_paths_are_not_ours() {
        for path in [
            "",
            "/",
            "/session",
            "/session/",
            "/session//",
            "/Session/logout",
            "/session/Logout",
            "/session/logout//",
            "/session/x",
        ] {
            assert_eq!(call(&Method::POST, path), None, "{path}");
        }
    }
}
