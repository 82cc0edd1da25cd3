//! RunSignup: `login`, `logout` and `user` under two path prefixes, answered in XML, JSON or CSV.
//!
//! `/rest/…` answers as the deployed service answers its shipped clients, `/API/…` as its published document says. The
//! credential of a session is a pair, `tmp_key` and `tmp_secret`: neither half works without the other.

mod caller;
mod error;
mod gate;
mod login;
mod logout;
pub mod pair;
mod parsed_call;
pub mod partner;
mod refuse;
mod reply;
mod user;
mod wire;

use exeunt_core::DialectName;
use http::Method;

use crate::authority::realm::Builtin;
use crate::dialect::Dialect;
use crate::http::{CallKind, Route, RouteMatch};

const NAME: DialectName = DialectName::new("runsignup");

pub const DIALECT: Dialect = Dialect {
    name: NAME,
    // A pair expires after an hour without use; the documents name no other limit.
    builtin: Some(Builtin { dialect: NAME, idle_secs: 60 * 60, absolute_secs: 0 }),
    deprecated: true,
    legacy: true,
    route,
    errors: error::table,
    gone: crate::dialect::nothing,
    clients: Some(&partner::SETTINGS),
    gate: &gate::run,
};

/// The path prefix of a call. It decides how errors look.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum PathPrefix {
    /// `/rest/…`: errors are HTTP 200.
    Rest,
    /// `/API/…`: errors have statuses.
    Api,
}

/// The calls of this dialect.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Called {
    Login,
    Logout,
    User,
    Unknown,
}

/// `/rest/<call>` and `/API/<call>`, in any case, with or without one trailing `/`. Everything under `/rest/` is of
/// this dialect. Under `/api/` it is only paths with one further segment, since longer ones belong to other dialects.
fn route(method: &Method, path: &str, _: Option<&str>) -> Option<RouteMatch> {
    let (prefix, _, called) = parse(path)?;
    let post = method == Method::POST;
    let route = match called {
        Called::Login if post => Route::new("login", CallKind::Login, &login::run),
        Called::Logout if post => Route::new("logout", CallKind::Logout, &logout::run),
        // Shipped clients post it as well as get it.
        Called::User if post || method == Method::GET => Route::new("user", CallKind::Check, &user::run),
        Called::User => {
            Route::new("refused", CallKind::Other, &|request| refuse::method(request, "GET, POST"))
        }
        Called::Login | Called::Logout => {
            Route::new("refused", CallKind::Other, &|request| refuse::method(request, "POST"))
        }
        Called::Unknown => Route::new("unknown", CallKind::Other, &refuse::call),
    };
    Some(RouteMatch::new(route, path, [Some(prefix)]))
}

/// The prefix, as it is written and what it means, and the call of a path. `None` if the path is not of this dialect.
fn parse(path: &str) -> Option<(&str, PathPrefix, Called)> {
    let (prefix, rest) = path.strip_prefix('/')?.split_once('/')?;
    let name = rest.strip_suffix('/').unwrap_or(rest);
    let entrance = PathPrefix::named(prefix)?;
    if entrance == PathPrefix::Api && name.contains('/') {
        return None;
    }
    let called = match name.to_ascii_lowercase().as_str() {
        "" => return None,
        "login" => Called::Login,
        "logout" => Called::Logout,
        "user" => Called::User,
        _ => Called::Unknown,
    };
    Some((prefix, entrance, called))
}

impl PathPrefix {
    fn named(segment: &str) -> Option<Self> {
        match () {
            () if segment.eq_ignore_ascii_case("rest") => Some(Self::Rest),
            () if segment.eq_ignore_ascii_case("api") => Some(Self::Api),
            () => None,
        }
    }

    /// The prefix that is written so. An application may have others: those are answered as shipped clients understand
    /// it.
    fn of(segment: &str) -> Self {
        Self::named(segment).unwrap_or(Self::Rest)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parsed(path: &str) -> Option<(PathPrefix, Called)> {
        parse(path).map(|(_, entrance, called)| (entrance, called))
    }

    #[test]
    fn two_entrances_in_any_case_with_or_without_a_slash() {
        for path in ["/rest/logout", "/Rest/Logout/", "/REST/LOGOUT"] {
            assert_eq!(parsed(path), Some((PathPrefix::Rest, Called::Logout)), "{path}");
        }
        for path in ["/API/logout", "/api/logout/", "/Api/LogOut"] {
            assert_eq!(parsed(path), Some((PathPrefix::Api, Called::Logout)), "{path}");
        }
        assert_eq!(parsed("/rest/user/7"), Some((PathPrefix::Rest, Called::Unknown)));
        assert_eq!(parsed("/API/1"), Some((PathPrefix::Api, Called::Unknown)));
    }

    #[test]
    fn other_paths_are_not_ours() {
        for path in [
            "",
            "/",
            "/rest",
            "/rest/",
            "/api",
            "/api/",
            "/api//",
            "/api/1/ce/examples",
            "/api/user/7",
            "rest/user",
        ] {
            assert_eq!(parsed(path), None, "{path}");
        }
    }

    #[test]
    fn only_a_post_reaches_login_and_logout() {
        let sort = |method: &Method, path| {
            route(method, path, None).map(|matched| (matched.route.call, matched.route.kind))
        };
        assert_eq!(sort(&Method::POST, "/rest/login"), Some(("login", CallKind::Login)));
        assert_eq!(sort(&Method::POST, "/rest/logout"), Some(("logout", CallKind::Logout)));
        assert_eq!(sort(&Method::GET, "/rest/user"), Some(("user", CallKind::Check)));
        assert_eq!(sort(&Method::POST, "/API/user"), Some(("user", CallKind::Check)));
        for method in [Method::GET, Method::HEAD, Method::OPTIONS, Method::PUT, Method::DELETE] {
            assert_eq!(sort(&method, "/API/logout"), Some(("refused", CallKind::Other)), "{method}");
        }
        assert_eq!(sort(&Method::HEAD, "/rest/user"), Some(("refused", CallKind::Other)));
    }
}
