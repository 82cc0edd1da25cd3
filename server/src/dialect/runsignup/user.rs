//! `GET user` and `POST user`: shows the user of the session. Clients call it to check whether a pair is still valid.

use super::caller::{Caller, Holder, presented};
use super::error::{Code, Fault};
use super::parsed_call::ParsedCall;
use super::wire::Outcome;
use crate::authority::{Client, Touch};
use crate::http::{Request, Response};

pub(super) async fn run(mut request: Request) -> Result<Response, Response> {
    let parsed = ParsedCall::read(&mut request).await?;
    Ok(parsed.reply.say(find(&request, &parsed).await))
}

async fn find(request: &Request, parsed: &ParsedCall) -> Result<Outcome, Fault> {
    let realm = request.dialect.realm;
    let pair = match Caller::read(request, parsed)?.holder(request, realm)? {
        Holder::Pair(pair) => pair,
        Holder::Partner(partner) => return Err(not_a_user(&partner)),
    };
    let presented = presented(realm, &pair);
    let user = request.app.authority.whoami(&presented, request.now, Touch::Extend).await?;
    Ok(Outcome::User(user.into()))
}

/// A permanent key has no session, but its client is logged as a caller of this dialect.
fn not_a_user(partner: &Client) -> Fault {
    let mut fault = Fault::from(Code::NotAUser);
    fault.log_fields.client = Some(partner.id);
    fault
}
