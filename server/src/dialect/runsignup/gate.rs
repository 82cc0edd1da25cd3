//! The credential of an application's call: the pair in its query or in its form, which the gateway forwards (or, in
//! older configurations, copies into a header, as `tmp_key:tmp_secret`); or a permanent key, which has no session.
//!
//! On Exeunt's own calls a pair in the query wins over one in the form. An application may prefer the form, so here a
//! parameter that is in both must be the same in both. A credential of a kind that Exeunt does not support counts as a
//! further credential.

use super::caller::{Caller, Holder, has_bearer_anywhere, presented};
use super::error::{Code, Fault};
use super::parsed_call::ParsedCall;
use crate::authority::{Presented, Touch};
use crate::dialect::passed::{Passed, Terms};
use crate::error::Error;
use crate::http::form::{Field, Fields};
use crate::http::said::{Said, Wanted, agreed, copied};
use crate::http::{Request, Response};

/// The parameters of the supported credentials.
const PARTS: [&str; 4] = ["tmp_key", "tmp_secret", "api_key", "api_secret"];
/// Credentials of the deployed service that Exeunt does not support (their secrets are in a header).
const UNKNOWN: [&str; 2] = ["rsu_api_key", "sp_api_key"];
/// All that is looked at. In which format a refusal is does not depend on how the application reads its own.
const FIELDS: Wanted = Wanted {
    credentials: &["tmp_key", "tmp_secret", "api_key", "api_secret", "rsu_api_key", "sp_api_key"],
    others: &["format"],
};

pub(super) async fn run(request: Request, terms: Terms) -> Result<Passed, Response> {
    let (request, terms) = (&request, &terms);
    let said = Said::read(request, &terms.form, &FIELDS);
    let copies = pairs(copied(request.headers()));
    let unclear = said.unclear;
    let differing = differing(&said, &copies);
    let parsed = ParsedCall::of_application(request, said, &copies);
    let refused =
        |why| Fault::from(Error::malformed("parameters", "can be read in several ways").because(why));
    let judged = match (unclear, differing) {
        (Some(why), _) => Err(refused(why)),
        // If the credential that wins is refused anyway, that reason says more.
        (None, true) => judge(request, &parsed, &Terms { touch: Touch::Peek, ..terms.clone() })
            .await
            .and(Err(refused("a parameter is repeated with different values"))),
        (None, false) => judge(request, &parsed, terms).await,
    };
    judged.map_err(|fault| parsed.reply.refuse(fault))
}

/// The pairs that the gateway copied.
fn pairs(copies: impl Iterator<Item = String>) -> Fields {
    Fields::given(copies.flat_map(|pair| {
        let (key, secret) = pair.split_once(':').unwrap_or((&pair, ""));
        [("tmp_key", key), ("tmp_secret", secret)].map(|(name, half)| (name.to_owned(), half.to_owned()))
    }))
}

/// Whether a parameter is in two places with different values.
fn differing(said: &Said, copies: &Fields) -> bool {
    PARTS
        .iter()
        .any(|name| agreed([said.query.get(name), said.form.get(name), copies.get(name)]) == Field::Repeated)
}

async fn judge(request: &Request, parsed: &ParsedCall, terms: &Terms) -> Result<Passed, Fault> {
    let realm = request.dialect.realm;
    let mut caller = Caller::read(request, parsed)?;
    let unknown = UNKNOWN.iter().any(|name| {
        [&parsed.query, &parsed.body]
            .iter()
            .any(|fields| !matches!(fields.get(name), Field::Absent | Field::Once("")))
    });
    // Like a bearer token, an unknown credential does not authenticate, and must not be combined with another one.
    if unknown || has_bearer_anywhere(request.headers()) {
        caller = match caller {
            Caller::Nobody | Caller::Bearer => Caller::Bearer,
            _ => Caller::Several,
        };
    }
    match caller.holder(request, realm)? {
        Holder::Pair(pair) => {
            let presented = Presented { client: terms.client, ..presented(realm, &pair) };
            Ok(request.app.authority.admit(&presented, request.now, terms.touch).await?.into())
        }
        // Answer as for an unknown key.
        Holder::Partner(partner) if terms.client.is_some_and(|client| client != partner.id) => {
            Err(Code::KeyAuthenticationFailed.into())
        }
        Holder::Partner(partner) => Ok(Passed { client: Some(partner.id), ..Passed::default() }),
    }
}
