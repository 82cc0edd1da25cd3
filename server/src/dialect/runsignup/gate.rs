//! The credential of an application's call: the pair in its query, or in the header that the gateway copies it into from
//! a form, as `tmp_key:tmp_secret`; or a permanent key, which has no session.

use super::asked::Asked;
use super::caller::{Caller, Holder, presented, realm};
use super::error::{Code, Fault};
use crate::authority::Presented;
use crate::dialect::gate::{Judged, Passed, Terms, admit, carried};
use crate::exchange::{Exchange, Response};

pub(super) fn gate(x: Exchange, terms: Terms) -> Judged {
    Box::pin(async move { run(&x, terms).await })
}

async fn run(x: &Exchange, terms: Terms) -> Result<Passed, Response> {
    let mut pairs = carried(x.headers());
    let (pair, another) = (pairs.next(), pairs.next());
    let asked = Asked::of_application(x, pair.as_deref())?;
    let judged = match another {
        Some(_) => Err(Code::InvalidParameters.into()),
        None => judge(x, &asked, terms).await,
    };
    judged.map_err(|fault| asked.reply.refuse(fault))
}

async fn judge(x: &Exchange, asked: &Asked, terms: Terms) -> Result<Passed, Fault> {
    let realm = realm(x)?;
    match Caller::read(x, asked)?.holder(x, realm)? {
        Holder::Pair(pair) => {
            let presented = Presented { client: terms.client, ..presented(realm, &pair) };
            Ok(admit(x, &presented, terms.slide).await?)
        }
        // As a key that is not known.
        Holder::Partner(partner) if terms.client.is_some_and(|client| client != partner.id) => {
            Err(Code::KeyAuthenticationFailed.into())
        }
        Holder::Partner(partner) => Ok(Passed { client: Some(partner.id), ..Passed::default() }),
    }
}
