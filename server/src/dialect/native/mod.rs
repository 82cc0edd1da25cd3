//! The native dialect: JSON under `/v1`, problem details (RFC 9457). The command line, the console and operators'
//! scripts speak it.

mod audit;
mod caller;
mod check;
mod clients;
mod end;
mod error;
mod health;
mod keys;
mod marks;
mod realms;
mod sessions;
mod users;
mod wire;

use exeunt_core::Door;
use http::header::{ALLOW, HeaderValue};
use http::{Method, StatusCode};

use crate::authority::realm::Builtin;
use crate::dialect::{Dialect, Route, Sort};
use crate::exchange::{Answer, Endpoint, Exchange, Response, empty};

/// The name of this dialect.
pub const DOOR: Door = crate::dialect::ADMIN;

/// The dialect.
pub const DIALECT: Dialect = Dialect {
    door: DOOR,
    builtin: Some(Builtin { door: DOOR, idle_secs: 3600, absolute_secs: 86_400 }),
    deprecated: false,
    route,
    errors: |error| vec![("problem+json", error::render(error))],
};

/// A path, `{}` standing for one segment, with what answers each of its methods.
type Resource = (&'static str, &'static [(Method, Route)]);

/// The whole interface. The hot path comes first.
pub const RESOURCES: &[Resource] = &[
    ("/v1/check", &[post("check", Sort::Check, check::check)]),
    ("/v1/users", &[get("list_users", users::list), post("create_user", Sort::Admin, users::create)]),
    (
        "/v1/users/{}",
        &[
            get("show_user", users::show),
            on(Method::PATCH, "change_user", users::change),
            on(Method::DELETE, "remove_user", users::remove),
        ],
    ),
    ("/v1/users/{}/sessions", &[on(Method::DELETE, "end_user_sessions", end::user)]),
    (
        "/v1/clients",
        &[get("list_clients", clients::list), post("create_client", Sort::Admin, clients::create)],
    ),
    (
        "/v1/clients/{}",
        &[
            get("show_client", clients::show),
            on(Method::PATCH, "change_client", clients::change),
            on(Method::DELETE, "remove_client", clients::remove),
        ],
    ),
    ("/v1/clients/{}/sessions", &[on(Method::DELETE, "end_client_sessions", end::client)]),
    ("/v1/sessions", &[get("list_sessions", sessions::list), post("issue", Sort::Admin, sessions::issue)]),
    (
        "/v1/sessions/{}",
        &[get("show_session", sessions::show), on(Method::DELETE, "end_session", end::session)],
    ),
    ("/v1/realm/sessions", &[on(Method::DELETE, "end_realm_sessions", end::realm)]),
    ("/v1/marks", &[get("marks", marks::page)]),
    ("/v1/feed", &[get("feed", marks::feed)]),
    ("/v1/snapshot", &[get("snapshot", marks::snapshot)]),
    ("/v1/keys", &[get("list_keys", keys::list), post("create_key", Sort::Admin, keys::create)]),
    ("/v1/keys/{}", &[on(Method::DELETE, "remove_key", keys::remove)]),
    ("/v1/realms", &[get("list_realms", realms::list), post("create_realm", Sort::Admin, realms::create)]),
    ("/v1/audit", &[get("audit", audit::page)]),
    ("/v1/openapi.json", &[get("openapi", health::openapi)]),
    ("/metrics", &[get("metrics", health::metrics)]),
    ("/healthz", &[open("healthz", health::live)]),
    ("/readyz", &[open("readyz", health::ready)]),
];

fn route(method: &Method, path: &str) -> Option<Route> {
    let methods = methods(path)?;
    let wanted = if method == Method::HEAD { &Method::GET } else { method };
    let found = methods.iter().find(|(method, _)| method == wanted).map(|(_, route)| *route);
    Some(found.unwrap_or_else(|| {
        let sort = methods.first().map_or(Sort::Other, |(_, route)| route.sort);
        Route::new("other_method", sort, other_method)
    }))
}

fn methods(path: &str) -> Option<&'static [(Method, Route)]> {
    RESOURCES.iter().find(|(pattern, _)| fits(pattern, path)).map(|(_, methods)| *methods)
}

/// A pattern has one `{}` at most.
fn fits(pattern: &str, path: &str) -> bool {
    let Some(gap) = pattern.find('{') else { return pattern == path };
    let segment = path.strip_prefix(&pattern[..gap]).and_then(|rest| rest.strip_suffix(&pattern[gap + 2..]));
    segment.is_some_and(|segment| !segment.is_empty() && !segment.contains('/'))
}

/// HTTP-01, HTTP-03: a known path tells its methods. Nothing is touched.
fn other_method(x: Exchange) -> Answer {
    Box::pin(async move {
        let methods = methods(x.path()).unwrap_or_default();
        let mut allow: Vec<_> = methods.iter().map(|(method, _)| method.as_str()).collect();
        if allow.contains(&"GET") {
            allow.push("HEAD");
        }
        allow.push("OPTIONS");
        let mut response = match *x.method() {
            Method::OPTIONS => empty(StatusCode::NO_CONTENT),
            _ => error::render(&error::unsupported()),
        };
        if let Ok(value) = HeaderValue::from_str(&allow.join(", ")) {
            response.headers_mut().insert(ALLOW, value);
        }
        response
    })
}

/// What every endpoint here comes to: an answer, or an error that [`error::render`] makes one of.
type Reply = Result<Response, error::Refusal>;

/// Turns what an endpoint comes to into its answer.
async fn settle(reply: impl Future<Output = Reply>) -> Response {
    reply.await.unwrap_or_else(error::Refusal::into_response)
}

const fn get(call: &'static str, endpoint: Endpoint) -> (Method, Route) {
    (Method::GET, Route::new(call, Sort::Admin, endpoint))
}

const fn open(call: &'static str, endpoint: Endpoint) -> (Method, Route) {
    (Method::GET, Route::new(call, Sort::Check, endpoint))
}

const fn post(call: &'static str, sort: Sort, endpoint: Endpoint) -> (Method, Route) {
    (Method::POST, Route::new(call, sort, endpoint))
}

const fn on(method: Method, call: &'static str, endpoint: Endpoint) -> (Method, Route) {
    (method, Route::new(call, Sort::Admin, endpoint))
}
