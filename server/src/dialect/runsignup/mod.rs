//! RunSignup: `login`, `logout` and `user` under two path prefixes, answered in XML, JSON or CSV.
//!
//! `/rest/…` answers as the deployed service answers its shipped clients, `/API/…` as its published document says. The
//! credential of a session is a pair, `tmp_key` and `tmp_secret`: neither half works without the other.

mod asked;
mod caller;
mod error;
mod gate;
mod login;
mod logout;
mod refuse;
mod reply;
mod user;
mod wire;

use exeunt_core::DialectName;
use http::Method;

use crate::authority::realm::Builtin;
use crate::dialect::Dialect;
use crate::http::{CallKind, Route};

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
    gate: &gate::run,
};

/// The path prefix of a call. It decides how errors look.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Entrance {
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
fn route(method: &Method, path: &str) -> Option<Route> {
    let (_, called) = parse(path)?;
    let post = method == Method::POST;
    Some(match called {
        Called::Login if post => Route::new("login", CallKind::Login, &login::run),
        Called::Logout if post => Route::new("logout", CallKind::Logout, &logout::run),
        // Shipped clients post it as well as get it.
        Called::User if post || method == Method::GET => Route::new("user", CallKind::Check, &user::run),
        Called::Login | Called::Logout | Called::User => {
            Route::new("refused", CallKind::Other, &refuse::method)
        }
        Called::Unknown => Route::new("unknown", CallKind::Other, &refuse::call),
    })
}

/// The prefix and the call of a path. `None` if the path is not of this dialect.
fn parse(path: &str) -> Option<(Entrance, Called)> {
    let (first, rest) = path.strip_prefix('/')?.split_once('/')?;
    let name = rest.strip_suffix('/').unwrap_or(rest);
    let entrance = Entrance::named(first)?;
    if entrance == Entrance::Api && name.contains('/') {
        return None;
    }
    let called = match name.to_ascii_lowercase().as_str() {
        "" => return None,
        "login" => Called::Login,
        "logout" => Called::Logout,
        "user" => Called::User,
        _ => Called::Unknown,
    };
    Some((entrance, called))
}

impl Entrance {
    fn named(segment: &str) -> Option<Self> {
        match () {
            () if segment.eq_ignore_ascii_case("rest") => Some(Self::Rest),
            () if segment.eq_ignore_ascii_case("api") => Some(Self::Api),
            () => None,
        }
    }

    /// The prefix of an application's call. A path under neither is answered as shipped clients understand it.
    fn of_application(path: &str) -> Self {
        path.split('/').nth(1).and_then(Self::named).unwrap_or(Self::Rest)
    }
}

impl Called {
    /// The supported methods, for `Allow`.
    const fn methods(self) -> &'static str {
        match self {
            Self::User => "GET, POST",
            Self::Login | Self::Logout | Self::Unknown => "POST",
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn two_entrances_in_any_case_with_or_without_a_slash() {
        for path in ["/rest/logout", "/Rest/Logout/", "/REST/LOGOUT"] {
            assert_eq!(parse(path), Some((Entrance::Rest, Called::Logout)), "{path}");
        }
        for path in ["/API/logout", "/api/logout/", "/Api/LogOut"] {
            assert_eq!(parse(path), Some((Entrance::Api, Called::Logout)), "{path}");
        }
        assert_eq!(parse("/rest/user/7"), Some((Entrance::Rest, Called::Unknown)));
        assert_eq!(parse("/API/1"), Some((Entrance::Api, Called::Unknown)));
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
            assert_eq!(parse(path), None, "{path}");
        }
    }

    #[test]
    fn only_a_post_reaches_login_and_logout() {
        let sort = |method: &Method, path| route(method, path).map(|route| (route.call, route.kind));
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
