//! The gate: a gateway asks whether it may let an application's call through, and whose session the call uses.
//!
//! `/v1/gate` asks for a native token, `/v1/gate/<dialect>` for that dialect's credential, in the call that the gateway
//! describes ([`original`]) and whose form it may forward ([`said`](crate::http::said)). Gateways understand three
//! refusals, 401, 403 and 503, so the gate uses no other. The same path with `/refusal` appended returns the dialect's
//! own response, with its own status.
//!
//! A call passes only if every credential in it, wherever an application of the dialect may look, opens the same live
//! session. A call that can be read in more than one way is refused. `docs/gateways/` has configurations, which are
//! tested.

pub mod original;
pub mod question;

use std::sync::atomic::Ordering;

use http::header::RETRY_AFTER;
use http::{StatusCode, Uri};

use self::original::Original;
use self::question::GatePath;
use crate::authority::Touch;
use crate::dialect::passed::{Passed, Terms};
use crate::dialect::{ADMIN, Served, all, sunset};
use crate::error::{Error, Kind, RETRY_AFTER_SECS, Result};
use crate::http::said::{CREDENTIAL, Form};
use crate::http::{CallKind, LogFields, Request, Response, Route, RouteMatch, plain};

/// The paths in the OpenAPI document, each with the name of its call; `{}` stands for one segment. The gate answers
/// every method: some gateways use a fixed one, others that of the application's call.
pub const PATHS: [(&str, &str); 4] = [
    ("/v1/gate", "gate"),
    ("/v1/gate/refusal", "gate_refusal"),
    ("/v1/gate/{}", "gate_of_dialect"),
    ("/v1/gate/{}/refusal", "gate_of_dialect_refusal"),
];

/// The enabled dialect that answers a path of the gate: the one that the path names, or the native one if that is not
/// enabled. `None` if the path is not the gate's.
pub fn find<'a>(served: &'a [Served], uri: &Uri) -> Option<(&'a Served, RouteMatch)> {
    let named = |name: &str| served.iter().find(|served| served.enabled.name.name() == name);
    let native = named(ADMIN.name())?;
    let path = uri.path().strip_prefix(native.enabled.settings.mount.as_str())?;
    let question = GatePath::read(path, uri.query())?;
    let (served, route) = match named(question.dialect) {
        None => (native, Route::new("gate", CallKind::Gate, &unknown)),
        Some(served) if question.refusal() => (served, Route::new("gate_refusal", CallKind::Gate, &refuse)),
        Some(served) => (served, Route::new("gate", CallKind::Gate, &check)),
    };
    Some((served, RouteMatch { route, verbs: &[], segments: question.segments(uri.path()) }))
}

async fn check(request: Request) -> Response {
    match judge(request, Touch::Extend).await {
        Ok(passed) => passed.into_response(),
        Err(refused) => in_words_of_gateways(refused),
    }
}

/// Returns the dialect's own response. A gateway asks for it after the gate has refused, so it does not extend a
/// session.
async fn refuse(request: Request) -> Response {
    match judge(request, Touch::Peek).await {
        Err(refused) => refused,
        // The call passes now. The caller asks again, and gets through.
        Ok(_) => {
            let log_fields = Error::new(Kind::Unsupported, "")
                .because("the gateway asked for a refusal, but the call may pass now");
            bare(StatusCode::SERVICE_UNAVAILABLE, &log_fields)
        }
    }
}

/// Used if the path names no enabled dialect.
async fn unknown(_: Request) -> Response {
    no_dialect()
}

fn no_dialect() -> Response {
    forbidden(&Error::not_found("dialect").because("the gate has no dialect of this name"))
}

async fn judge(request: Request, touch: Touch) -> Result<Passed, Response> {
    let dialect = all::named(request.dialect.name.name()).ok_or_else(no_dialect)?;
    let uri = request.head.uri.clone();
    let question = GatePath::matched(&request.matched.segments, &uri);
    let realm = question.realm(&request.app, &request.dialect).map_err(|error| forbidden(&error))?;
    let client = question.client(&request.app, realm).map_err(|error| forbidden(&error))?;
    let original = Original::of(request, &question).await?;
    let enabled = &original.call.dialect;
    if enabled.is_over(original.call.now) {
        return Err((dialect.gone)(&original.call, sunset::gone(&enabled.settings)));
    }
    if question.preflights() && original.is_preflight() {
        return Ok(Passed::default());
    }
    let Original { call, form, lacks } = original;
    tell_of_copies(&call, &form);
    dialect.gate.judge(call, Terms { realm, client, touch, form }).await.map_err(|mut refused| {
        if let Some(lacks) = lacks {
            let log_fields = &mut refused.log_fields;
            log_fields.private =
                Some(log_fields.private.take().map_or(lacks.clone(), |text| format!("{text}; {lacks}")));
        }
        refused
    })
}

/// Warns once that a gateway copies a credential out of forms. An application may see fields that the copy lacks.
fn tell_of_copies(call: &Request, form: &Form) {
    if *form == Form::Unseen
        && call.headers().has(&CREDENTIAL)
        && !call.app.copied_credentials_logged.swap(true, Ordering::Relaxed)
    {
        tracing::warn!(
            peer = %call.peer,
            "a gateway copies credentials from forms into Exeunt-Credential, which can miss some; make it \
             forward the form to /v1/gate/<dialect>/form, as in docs/gateways"
        );
    }
}

/// The dialect's response with a status that gateways understand. Body and headers stay: some gateways pass them to the
/// caller. It is 401 only if the dialect answers 401, with the header that belongs to one (HTTP-06): nginx would add
/// that header to any refusal.
fn in_words_of_gateways(mut refused: Response) -> Response {
    let kind = refused.log_fields.kind;
    refused.status = match refused.status {
        _ if kind.is_some_and(Kind::is_ours) => StatusCode::SERVICE_UNAVAILABLE,
        status if status.is_server_error() => StatusCode::SERVICE_UNAVAILABLE,
        StatusCode::UNAUTHORIZED => StatusCode::UNAUTHORIZED,
        _ => StatusCode::FORBIDDEN,
    };
    refused
}

/// Refuses a faulty question of a gateway. The response is bare, since no dialect has words for it; the log says what
/// is wrong.
fn forbidden(error: &Error) -> Response {
    bare(StatusCode::FORBIDDEN, error)
}

fn bare(status: StatusCode, error: &Error) -> Response {
    let mut response = plain(status);
    if status == StatusCode::SERVICE_UNAVAILABLE {
        response.headers.set(&RETRY_AFTER, RETRY_AFTER_SECS.to_string());
    }
    response.log_fields = LogFields::of(error);
    response
}
