//! The gate: a gateway asks whether a call of an application may go through, and on whose behalf it speaks.
//!
//! `/v1/gate` asks for a native token, `/v1/gate/<dialect>` for that dialect's credential, in the call that the gateway
//! describes ([`original`]), and of which it hands the form on ([`said`]). Gateways understand three refusals, 401, 403
//! and 503, so there is no other; what the dialect itself would have answered, status and all, is at the same path with
//! `/refusal` behind it.
//!
//! A call passes only if every credential in it, wherever an application of the dialect may look, opens the same live
//! session; what cannot be read in one way only is refused.
//! `docs/gateways/` has configurations that are tested as they stand.

pub mod original;
mod passed;
pub mod question;
pub mod said;

use std::future::Future;
use std::pin::Pin;
use std::sync::atomic::Ordering;

use exeunt_core::{ClientId, RealmId};
use http::header::RETRY_AFTER;
use http::{StatusCode, Uri};

pub use passed::{Passed, admit};

use self::original::Original;
use self::question::{PREFIX, Question};
use self::said::CREDENTIAL;
pub use self::said::{Form, Said, Wanted, agreed, copied};
use crate::app::{App, Spoken};
use crate::authority::Slide;
use crate::dialect::{ADMIN, Route, Sort};
use crate::error::{Error, Kind, RETRY_AFTER_SECS, Result};
use crate::exchange::{Answer, Exchange, Noted, Response, plain};
use crate::front::gone;

/// Judges an application's call by its head: who may pass, or the answer that the dialect gives to such a call.
pub type Gate = fn(Exchange, Terms) -> Judged;
/// What comes of it.
pub type Judged = Pin<Box<dyn Future<Output = Result<Passed, Response>> + Send>>;

/// On which terms a call is judged.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Terms {
    /// The realm that the gateway asks about: the dialect's own, unless the dialect lets the gateway choose.
    pub realm: RealmId,
    /// The client whose sessions alone may pass; `None`: those of any.
    pub client: Option<ClientId>,
    /// Whether passing counts as a use of the session.
    pub slide: Slide,
    /// The form of the call, if the gateway hands it on.
    pub form: Form,
}

/// Who answers a path of the gate: the dialect that it names, or the native one if it names none that is spoken.
pub fn entrusted(app: &App, uri: &Uri) -> Option<(usize, Route)> {
    let question = Question::of(app, uri)?;
    let number = |name: &str| app.spoken.iter().position(|spoken| spoken.dialect.door.name() == name);
    match number(question.dialect) {
        None => Some((number(ADMIN.name())?, UNKNOWN)),
        Some(number) if question.refusal => Some((number, Route::new("gate_refusal", Sort::Gate, refuse))),
        Some(number) => Some((number, Route::new("gate", Sort::Gate, check))),
    }
}

/// What answers where no dialect is named that is spoken.
pub const UNKNOWN: Route = Route::new("gate", Sort::Gate, unknown);

fn check(x: Exchange) -> Answer {
    Box::pin(async move {
        match judge(x, Slide::Yes).await {
            Ok(passed) => passed.into_response(),
            Err(refused) => in_words_of_gateways(refused),
        }
    })
}

/// What the dialect itself would have answered. It is asked after the gate has refused, so it is no use of a session.
fn refuse(x: Exchange) -> Answer {
    Box::pin(async move {
        match judge(x, Slide::No).await {
            Err(refused) => refused,
            // There is nothing to be refused; the caller asks again, and passes.
            Ok(_) => {
                let noted = Error::new(Kind::Unsupported, "")
                    .because("the refusal of a call that may pass was asked for");
                bare(StatusCode::SERVICE_UNAVAILABLE, &noted)
            }
        }
    })
}

fn unknown(_: Exchange) -> Answer {
    Box::pin(async {
        forbidden(&Error::not_found("dialect").because("the gate has no dialect of this name"))
    })
}

async fn judge(x: Exchange, slide: Slide) -> Result<Passed, Response> {
    let app = x.app.clone();
    let uri = x.head.uri.clone();
    let question = Question::of(&app, &uri).ok_or_else(|| plain(StatusCode::FORBIDDEN))?;
    let spoken = named(&app, question.dialect).ok_or_else(|| plain(StatusCode::FORBIDDEN))?;
    let realm = question.realm(&app, spoken).map_err(|error| forbidden(&error))?;
    let client = question.client(&app, realm).map_err(|error| forbidden(&error))?;
    let original = Original::of(x, &question, &spoken.settings.mount).await?;
    if spoken.over(original.call.now) {
        return Err((spoken.dialect.gone)(&original.call, gone(&spoken.settings)));
    }
    if question.preflights && original.is_preflight() {
        return Ok(Passed::default());
    }
    let Original { call, form, lacks } = original;
    tell_of_copies(&call, &form);
    (spoken.dialect.gate)(call, Terms { realm, client, slide, form }).await.map_err(|mut refused| {
        if let Some(lacks) = lacks {
            let noted = &mut refused.noted;
            noted.private =
                Some(noted.private.take().map_or(lacks.clone(), |text| format!("{text}; {lacks}")));
        }
        refused
    })
}

/// Says once that a gateway copies a credential out of forms. What its copy has not seen, an application may see.
fn tell_of_copies(call: &Exchange, form: &Form) {
    if *form == Form::Unseen
        && call.headers().has(&CREDENTIAL)
        && !call.app.copy_told.swap(true, Ordering::Relaxed)
    {
        tracing::warn!(
            peer = %call.peer,
            "a gateway copies credentials out of forms into Exeunt-Credential, and nobody can tell whether it saw all \
             of them: let it hand the form on and ask at /v1/gate/<dialect>/form, as in docs/gateways"
        );
    }
}

fn named<'a>(app: &'a App, name: &str) -> Option<&'a Spoken> {
    app.spoken.iter().find(|spoken| spoken.dialect.door.name() == name)
}

/// The dialect's answer under a status that gateways understand: some hand body and headers on to the caller. It is 401
/// where the dialect says 401, with the header that belongs to one (HTTP-06); nginx would add that header to any refusal.
fn in_words_of_gateways(mut refused: Response) -> Response {
    let kind = refused.noted.kind;
    refused.status = match refused.status {
        _ if kind.is_some_and(Kind::is_ours) => StatusCode::SERVICE_UNAVAILABLE,
        status if status.is_server_error() => StatusCode::SERVICE_UNAVAILABLE,
        StatusCode::UNAUTHORIZED => StatusCode::UNAUTHORIZED,
        _ => StatusCode::FORBIDDEN,
    };
    refused
}

/// What the gateway got wrong is no dialect's to say: a bare refusal, and the log says what is wrong.
fn forbidden(error: &Error) -> Response {
    bare(StatusCode::FORBIDDEN, error)
}

fn bare(status: StatusCode, error: &Error) -> Response {
    let mut response = plain(status);
    if status == StatusCode::SERVICE_UNAVAILABLE {
        response.headers.set(&RETRY_AFTER, RETRY_AFTER_SECS.to_string());
    }
    response.noted = Noted::of(error);
    response
}

/// Whether this path (after the mount) is of the gate.
pub fn is(path: &str) -> bool {
    path.strip_prefix(PREFIX).is_some_and(|rest| rest.is_empty() || rest.starts_with('/'))
}
