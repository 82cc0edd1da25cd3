//! The session key of an application's call. It is a form's field, which the gateway copies into a header.

use super::caller::Caller;
use super::reply::Reply;
use super::wire::ApiMethod;
use crate::authority::Presented;
use crate::dialect::form::Fields;
use crate::dialect::gate::{self, Judged, Passed, Terms};
use crate::error::{Error, Kind, Result};
use crate::exchange::{Exchange, Response};

pub(super) fn gate(x: Exchange, terms: Terms) -> Judged {
    Box::pin(async move {
        match judge(&x, terms).await {
            Ok(passed) => Ok(passed),
            Err(error) => Err(refusal(&x, error)),
        }
    })
}

async fn judge(x: &Exchange, terms: Terms) -> Result<Passed> {
    let fields = Fields::given(gate::carried(x.headers()).map(|key| ("session_key".to_owned(), key)));
    let caller = Caller::read(x, &fields).map_err(|error| match error.kind() {
        Kind::Malformed(_) => error.because(
            "not one Exeunt-Credential: the caller sent no session_key or several, or the gateway does not copy it",
        ),
        _ => error,
    })?;
    let presented = Presented { client: terms.client, ..caller.presented() };
    gate::admit(x, &presented, terms.slide).await
}

/// Numbers are drawn only for those who are refused.
fn refusal(x: &Exchange, error: Error) -> Response {
    match Reply::open(x, ApiMethod::Application(x.path().to_owned())) {
        Ok(reply) => reply.say(Err(error)),
        Err(refused) => refused,
    }
}
