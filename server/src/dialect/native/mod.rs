//! The native dialect: JSON under `/v1`, problem details (RFC 9457). The command line, the console and operators'
//! scripts use it.

mod audit;
mod backup;
mod caller;
mod check;
mod clients;
mod end;
mod error;
mod export;
mod feed;
mod gate;
mod health;
mod import;
mod keys;
mod mark;
mod marks;
mod realms;
mod sessions;
mod usage;
mod users;
mod wire;

use exeunt_core::DialectName;
use http::header::ALLOW;
use http::{Method, StatusCode};

use crate::app::App;
use crate::authority::Key;
use crate::authority::client::settings::NO_SETTINGS;
use crate::authority::realm::Builtin;
use crate::config::LogChecks;
use crate::dialect::native::caller::{Caller, Need};
use crate::dialect::{Dialect, sunset};
use crate::error::{Error, Result};
use crate::http::stream::watched;
use crate::http::{
    CallKind, Endpoint, IntoResponse, PresentedKey, Request, Response, Route, RouteMatch, Verb, empty,
};

pub const NAME: DialectName = crate::dialect::ADMIN;

pub const DIALECT: Dialect = Dialect {
    name: NAME,
    builtin: Some(Builtin { dialect: NAME, idle_secs: 3600, absolute_secs: 86_400 }),
    deprecated: false,
    legacy: false,
    route,
    errors: |error| vec![("problem+json", error::render(error))],
    gone: crate::dialect::nothing,
    clients: Some(&NO_SETTINGS),
    gate: &gate::run,
};

/// A path with its methods; `{}` stands for one segment.
pub type Resource = (&'static str, &'static [Verb]);

/// The offset of `{}` in each path, computed at compile time.
static GAPS: [Option<usize>; RESOURCES.len()] = {
    let mut gaps = [None; RESOURCES.len()];
    let mut number = 0;
    while number < gaps.len() {
        let path = RESOURCES[number].0.as_bytes();
        let mut at = 0;
        while at < path.len() {
            if path[at] == b'{' {
                gaps[number] = Some(at);
            }
            at += 1;
        }
        number += 1;
    }
    gaps
};

/// An endpoint for callers whose key allows this.
macro_rules! with_key {
    ($need:ident, $run:path) => {
        &|request| serve(request, Need::$need, $run)
    };
}

/// The whole interface. The most frequent path comes first.
pub const RESOURCES: &[Resource] = &[
    ("/v1/check", &[post("check", CallKind::Check, with_key!(Check, check::run)).with(&["peek", "why"])]),
    (
        "/v1/users",
        &[
            get("list_users", with_key!(Read, users::list)).with(&[
                "account_number",
                "cursor",
                "email",
                "username",
            ]),
            post("create_user", CallKind::Admin, with_key!(Change, users::create)),
        ],
    ),
    (
        "/v1/users/import",
        &[post("import_users", CallKind::Admin, with_key!(Change, import::users)).with(&["dry_run"])],
    ),
    (
        "/v1/users/{}",
        &[
            get("show_user", with_key!(Read, users::show)),
            on(Method::PATCH, "change_user", with_key!(Change, users::change)),
            on(Method::DELETE, "remove_user", with_key!(Change, users::remove)),
        ],
    ),
    (
        "/v1/users/{}/sessions",
        &[on(Method::DELETE, "end_user_sessions", with_key!(End, end::user)).with(&["dry_run", "except"])],
    ),
    (
        "/v1/clients",
        &[
            get("list_clients", with_key!(Read, clients::list)).with(&["name"]),
            post("create_client", CallKind::Admin, with_key!(Change, clients::create)),
        ],
    ),
    (
        "/v1/clients/{}",
        &[
            get("show_client", with_key!(Read, clients::show)),
            on(Method::PATCH, "change_client", with_key!(Change, clients::change)),
            on(Method::DELETE, "remove_client", with_key!(Change, clients::remove)),
        ],
    ),
    (
        "/v1/clients/{}/sessions",
        &[on(Method::DELETE, "end_client_sessions", with_key!(End, end::client)).with(&["dry_run"])],
    ),
    (
        "/v1/sessions",
        &[
            get("list_sessions", with_key!(Read, sessions::list))
                .with(&["client", "cursor", "state", "user"]),
            post("issue", CallKind::Admin, with_key!(Change, sessions::issue)),
        ],
    ),
    (
        "/v1/sessions/import",
        &[post("import_sessions", CallKind::Admin, with_key!(Change, import::sessions)).with(&["dry_run"])],
    ),
    (
        "/v1/sessions/{}",
        &[
            get("show_session", with_key!(Read, sessions::show)),
            on(Method::DELETE, "end_session", with_key!(End, end::session)).with(&["dry_run"]),
        ],
    ),
    (
        "/v1/realm/sessions",
        &[on(Method::DELETE, "end_realm_sessions", with_key!(End, end::realm)).with(&["dry_run"])],
    ),
    ("/v1/marks", &[get("marks", with_key!(Read, marks::page)).with(&["after", "limit"])]),
    ("/v1/feed", &[get("feed", with_key!(Read, feed::run)).with(&["after"])]),
    ("/v1/snapshot", &[get("snapshot", with_key!(Read, marks::snapshot)).with(&["cursor"])]),
    (
        "/v1/keys",
        &[
            get("list_keys", with_key!(Read, keys::list)),
            post("create_key", CallKind::Admin, with_key!(Change, keys::create)),
        ],
    ),
    ("/v1/keys/{}", &[on(Method::DELETE, "remove_key", with_key!(Change, keys::remove))]),
    (
        "/v1/realms",
        &[
            get("list_realms", with_key!(Read, realms::list)),
            post("create_realm", CallKind::Admin, with_key!(Change, realms::create)),
        ],
    ),
    ("/v1/realms/{}", &[on(Method::PATCH, "change_realm", with_key!(Change, realms::change))]),
    ("/v1/backup", &[get("backup", with_key!(Change, backup::run))]),
    ("/v1/dialects/usage", &[get("dialect_usage", with_key!(Read, usage::run))]),
    ("/v1/audit", &[get("audit", with_key!(Read, audit::run)).with(&["cursor"])]),
    ("/v1/audit.jsonl", &[get("audit_export", with_key!(Read, export::run)).with(&["after", "before"])]),
    ("/v1/openapi.json", &[get("openapi", with_key!(Nothing, health::openapi))]),
    ("/metrics", &[get("metrics", &health::metrics)]),
    ("/healthz", &[open("healthz", &health::live)]),
    ("/readyz", &[open("readyz", &health::ready)]),
    (sunset::SUCCESSOR, &[open("moving_on", &health::moving_on)]),
];

fn route(method: &Method, path: &str, _: Option<&str>) -> Option<RouteMatch> {
    let Some((verbs, segment)) = find(path) else {
        // This dialect answers every path under `/v1/`.
        let route = Route::new("no_such_path", CallKind::Admin, &no_such_path);
        return path.starts_with("/v1/").then_some(route.into());
    };
    let route = verb(verbs, method).map_or_else(
        || {
            let kind = verbs.first().map_or(CallKind::Other, |verb| verb.route.kind);
            Route::new("other_method", kind, &other_method)
        },
        |verb| verb.route,
    );
    Some(RouteMatch { verbs, ..RouteMatch::new(route, path, [segment]) })
}

/// The methods of a path, and what stands for `{}` in it.
fn find(path: &str) -> Option<(&'static [Verb], Option<&str>)> {
    // Only paths under `/v1/` have gaps. This keeps the search short, since the router asks here first for every path
    // of every dialect.
    let versioned = path.starts_with("/v1/");
    let mut all = RESOURCES.iter().zip(&GAPS).filter(|(_, gap)| versioned || gap.is_none());
    all.find_map(|((pattern, verbs), gap)| fits(pattern, *gap, path).map(|segment| (*verbs, segment)))
}

/// HTTP-02: HEAD is answered wherever GET is; the HTTP library drops the body.
fn verb(verbs: &'static [Verb], method: &Method) -> Option<&'static Verb> {
    let wanted = if method == Method::HEAD { &Method::GET } else { method };
    verbs.iter().find(|verb| verb.method == wanted)
}

/// Whether a path matches a pattern, which has at most one `{}`; and what stands for that.
fn fits<'a>(pattern: &str, gap: Option<usize>, path: &'a str) -> Option<Option<&'a str>> {
    let Some(gap) = gap else { return (pattern == path).then_some(None) };
    let segment = path.strip_prefix(&pattern[..gap])?.strip_suffix(&pattern[gap + 2..])?;
    (!segment.is_empty() && !segment.contains('/')).then_some(Some(segment))
}

async fn no_such_path(_: Request) -> Response {
    error::render(&Error::not_found("path"))
}

/// HTTP-01, HTTP-03: a known path lists its methods. Nothing is changed.
async fn other_method(request: Request) -> Response {
    let mut allow: Vec<_> = request.matched.verbs.iter().map(|verb| verb.method.as_str()).collect();
    if allow.contains(&"GET") {
        allow.push("HEAD");
    }
    allow.push("OPTIONS");
    let mut response = match *request.method() {
        Method::OPTIONS => empty(StatusCode::NO_CONTENT),
        _ => error::render(&error::unsupported()),
    };
    response.headers.set(&ALLOW, allow.join(", "));
    response
}

/// The result of every endpoint here.
type Reply = Result<Response, error::Refusal>;

/// Runs an endpoint if the caller's key allows it, and records the key's id for the log.
async fn serve<F>(mut request: Request, need: Need, run: impl FnOnce(Request, Caller) -> F) -> Response
where
    F: Future<Output = Reply>,
{
    let changes = request.app.authority.key_changes();
    let admitted =
        Caller::of(&request, need).and_then(|caller| parameters_must_be_known(&request).map(|()| caller));
    let caller = match admitted {
        Ok(caller) => caller,
        Err(error) => return error::render(&error),
    };
    let (app, key) = (request.app.clone(), caller.key.clone());
    request.key = Some(PresentedKey::new(key.clone(), changes));
    let reads = need != Need::Check && matches!(*request.method(), Method::GET | Method::HEAD);
    let counted = need == Need::Check && request.app.config.log.checks == LogChecks::Failed;
    let reply = if reads {
        while_key_holds(&app, &key, run(request, caller)).await
    } else {
        run(request, caller).await
    };
    let mut response = watched(reply.into_response(), &app, &key);
    // A successful check is not logged, so it needs no log field.
    if !counted || !response.status.is_success() {
        response.log_fields.key = Some(key.id);
    }
    response
}

/// Stops a read when its key is removed, however long the read takes. Writes are never stopped, so nothing is left half
/// done.
async fn while_key_holds(app: &App, key: &Key, run: impl Future<Output = Reply>) -> Reply {
    tokio::select! {
        biased;
        reply = run => reply,
        () = app.authority.key_gone(key) => Err(crate::authority::key::removed().into()),
    }
}

fn parameters_must_be_known(request: &Request) -> Result<()> {
    let Some(query) = request.query() else { return Ok(()) };
    let known = request.matched.route.parameters;
    let mut seen = Vec::new();
    for (name, _) in form_urlencoded::parse(query.as_bytes()) {
        // The error does not repeat the name: it may be a secret that slipped into the URL.
        if !known.contains(&&*name) || seen.contains(&name) {
            let rule = format!(
                "unknown or repeated parameter in the query; expected each of these at most once: {}",
                known.join(", ")
            );
            let rule = if known.is_empty() {
                "unknown parameter in the query; this call takes none".to_owned()
            } else {
                rule
            };
            return Err(Error::malformed("query", rule));
        }
        seen.push(name);
    }
    Ok(())
}

const fn get(call: &'static str, endpoint: &'static dyn Endpoint) -> Verb {
    on(Method::GET, call, endpoint)
}

const fn open(call: &'static str, endpoint: &'static dyn Endpoint) -> Verb {
    Verb { method: Method::GET, route: Route::new(call, CallKind::Check, endpoint) }
}

const fn post(call: &'static str, kind: CallKind, endpoint: &'static dyn Endpoint) -> Verb {
    Verb { method: Method::POST, route: Route::new(call, kind, endpoint) }
}

const fn on(method: Method, call: &'static str, endpoint: &'static dyn Endpoint) -> Verb {
    Verb { method, route: Route::new(call, CallKind::Admin, endpoint) }
}
