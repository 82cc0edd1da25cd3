//! The session key of an application's call: the form's field, which the gateway hands on with the form (or, as users once
//! configured it, copies into a header). The query is looked at only so that no other key in it passes along: some
//! applications read both.

use super::caller::Caller;
use super::reply::Reply;
use super::wire::ApiMethod;
use crate::authority::Presented;
use crate::dialect::passed::{self, Judged, Passed, Terms};
use crate::error::{Error, Kind, Result};
use crate::http::form::{Field, Fields};
use crate::http::said::{self, Form, Said, Wanted, agreed};
use crate::http::{Request, Response};

pub(super) fn gate(request: Request, terms: Terms) -> Judged {
    Box::pin(async move {
        match judge(&request, &terms).await {
            Ok(passed) => Ok(passed),
            Err(error) => Err(refusal(&request, error)),
        }
    })
}

/// The field that the key is in.
const FIELD: &str = "session_key";
/// All that is looked at.
const FIELDS: Wanted = Wanted { credentials: &[FIELD], others: &[] };

async fn judge(request: &Request, terms: &Terms) -> Result<Passed> {
    let fields = presented(request, terms)?;
    let caller = Caller::read(request, &fields).map_err(|error| match (error.kind(), &terms.form) {
        (Kind::Malformed(_), Form::Unseen) => error.because(
            "not one Exeunt-Credential: the caller sent no session_key or several, or the gateway hands on no form",
        ),
        (Kind::Malformed(_), _) => error.because("there is no session_key in the form, or several"),
        _ => error,
    })?;
    let presented = Presented { client: terms.client, ..caller.presented() };
    passed::admit(request, &presented, terms.touch).await
}

/// The key that is in every place where an application may look.
fn presented(request: &Request, terms: &Terms) -> Result<Fields> {
    let unclear = |why| Error::malformed(FIELD, "not the same to every reader").because(why);
    let said = Said::read(request, &terms.form, &FIELDS);
    if let Some(why) = said.unclear {
        return Err(unclear(why));
    }
    let copies = Fields::given(said::copied(request.headers()).map(|key| (FIELD.to_owned(), key)));
    let keys = [said.form.get(FIELD), copies.get(FIELD)];
    match agreed(keys) {
        Field::Once(_) if agreed([agreed(keys), said.query.get(FIELD)]) == Field::Repeated => {
            Err(unclear("there is another session_key in the query"))
        }
        Field::Once(key) => Ok(Fields::given([(FIELD.to_owned(), key.to_owned())])),
        Field::Absent => Ok(Fields::default()),
        Field::Repeated => Err(unclear("there are several session_keys")),
    }
}

/// Numbers are drawn only for those who are refused.
fn refusal(request: &Request, error: Error) -> Response {
    match Reply::open(request, ApiMethod::Application(request.path().to_owned())) {
        Ok(reply) => reply.say(Err(error)),
        Err(refused) => refused,
    }
}
