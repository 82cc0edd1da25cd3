//! The session key of an application's call: a field of the form, which the gateway forwards (or, in older
//! configurations, copies into a header). The query is read only to refuse another key in it: some applications read
//! both.

use super::caller::Caller;
use super::reply::Reply;
use super::wire::ApiMethod;
use crate::authority::Presented;
use crate::dialect::passed::{Passed, Terms};
use crate::error::{Error, Kind, Result};
use crate::http::form::{Field, Fields};
use crate::http::said::{self, Form, Said, Wanted, agreed};
use crate::http::{Request, Response};

pub(super) async fn run(request: Request, terms: Terms) -> Result<Passed, Response> {
    judge(&request, &terms).await.map_err(|error| refusal(&request, error))
}

/// The field of the key.
const FIELD: &str = "session_key";
/// All that is looked at.
const FIELDS: Wanted = Wanted { credentials: &[FIELD], others: &[] };

async fn judge(request: &Request, terms: &Terms) -> Result<Passed> {
    let fields = presented(request, terms)?;
    let caller = Caller::read(request, &fields).map_err(|error| match (error.kind(), &terms.form) {
        (Kind::Malformed(_), Form::Unseen) => error.because(
            "expected one Exeunt-Credential: the client sent no session_key or several, or the gateway does \
             not forward the form",
        ),
        (Kind::Malformed(_), _) => error.because("the form has no session_key, or several"),
        _ => error,
    })?;
    let presented = Presented { client: terms.client, ..caller.presented() };
    Ok(request.app.authority.admit(&presented, request.now, terms.touch).await?.into())
}

/// The key, if it is the same in every place where an application may look.
fn presented(request: &Request, terms: &Terms) -> Result<Fields> {
    let unclear = |why| Error::malformed(FIELD, "can be read in several ways").because(why);
    let said = Said::read(request, &terms.form, &FIELDS);
    if let Some(why) = said.unclear {
        return Err(unclear(why));
    }
    let copies = Fields::given(said::copied(request.headers()).map(|key| (FIELD.to_owned(), key)));
    let keys = [said.form.get(FIELD), copies.get(FIELD)];
    match agreed(keys) {
        Field::Once(_) if agreed([agreed(keys), said.query.get(FIELD)]) == Field::Repeated => {
            Err(unclear("the query has another session_key"))
        }
        Field::Once(key) => Ok(Fields::given([(FIELD.to_owned(), key.to_owned())])),
        Field::Absent => Ok(Fields::default()),
        Field::Repeated => Err(unclear("there are several session_keys")),
    }
}

/// Only a refusal takes a transaction number.
fn refusal(request: &Request, error: Error) -> Response {
    match Reply::open(request, ApiMethod::Application(request.path().to_owned())) {
        Ok(reply) => reply.say(Err(error)),
        Err(refused) => refused,
    }
}
