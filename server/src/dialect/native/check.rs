//! `POST /v1/check`: is this token's session alive? One token, or up to 1,000 in one call.

use std::borrow::Cow;

use exeunt_core::{Moment, Token};
use http::StatusCode;
use serde::Deserialize;
use serde_json::{Value, json};

use super::caller::Caller;
use super::{NAME, Reply, mark, wire};
use crate::authority::{ActiveSession, Presented, Role, Touch};
use crate::error::{DeadReason, Error, Kind, Result};
use crate::http::{Request, answer};
use crate::time::text::utc;

/// The most tokens in one call.
const TOKENS_MAX: usize = 1_000;
/// Initial capacity, enough for the response to one token, in bytes.
const ANSWER_BYTES: usize = 256;

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Tokens<'a> {
    #[serde(borrow)]
    token: Option<Text<'a>>,
    #[serde(borrow)]
    tokens: Option<Vec<Text<'a>>>,
}

/// A string of the body, copied only if it has escapes.
#[derive(Deserialize)]
struct Text<'a>(#[serde(borrow)] Cow<'a, str>);

pub(super) async fn run(mut request: Request, caller: Caller) -> Reply {
    let check = Check::of(&request, &caller)?;
    let body = wire::body(&mut request).await?;
    let mut text = Vec::with_capacity(ANSWER_BYTES);
    match wire::read(&body)? {
        Tokens { token: Some(token), tokens: None } => check.one(&request, &token.0).await?.write(&mut text),
        Tokens { token: None, tokens: Some(tokens) } if tokens.len() <= TOKENS_MAX => {
            text.extend_from_slice(b"{\"results\":[");
            for (number, token) in tokens.iter().enumerate() {
                if number > 0 {
                    text.push(b',');
                }
                check.one(&request, &token.0).await?.write(&mut text);
            }
            text.extend_from_slice(b"]}");
        }
        _ => {
            return Err(Error::malformed(
                "body",
                "expected either token, or tokens with at most 1,000 entries",
            )
            .into());
        }
    }
    Ok(answer(StatusCode::OK, "application/json", text))
}

/// The result for one token.
enum Said {
    Active(ActiveSession),
    Inactive,
    Explained { ended_by: Option<Value>, verdict: &'static str },
}

impl Said {
    /// Writes it as JSON, with members in alphabetical order, as everywhere. Written by hand, since this is the most
    /// frequent call and nothing needs escaping.
    fn write(&self, text: &mut Vec<u8>) {
        match self {
            Self::Active(standing) => {
                text.extend_from_slice(b"{\"active\":true,\"client\":");
                written(standing.client.map(|id| id.digits()), text);
                text.extend_from_slice(b",\"expires_at\":");
                written(standing.expires_at.and_then(utc).map(|time| time.to_string()), text);
                text.extend_from_slice(b",\"session\":");
                written(Some(standing.session.digits()), text);
                text.extend_from_slice(b",\"user\":");
                written(standing.user.map(|id| id.digits()), text);
                text.push(b'}');
            }
            Self::Inactive => text.extend_from_slice(b"{\"active\":false}"),
            Self::Explained { ended_by, verdict } => {
                let said = json!({ "active": false, "ended_by": ended_by, "verdict": verdict });
                text.extend_from_slice(said.to_string().as_bytes());
            }
        }
    }
}

fn written(value: Option<impl AsRef<[u8]>>, text: &mut Vec<u8>) {
    let Some(value) = value else { return text.extend_from_slice(b"null") };
    text.push(b'"');
    text.extend_from_slice(value.as_ref());
    text.push(b'"');
}

struct Check {
    realm: exeunt_core::RealmId,
    touch: Touch,
    why: bool,
    now: Moment,
}

impl Check {
    fn of(request: &Request, caller: &Caller) -> Result<Self> {
        let (mut touch, mut why) = (Touch::Extend, false);
        if request.query().is_some() {
            touch = if wire::switch(request, "peek")? { Touch::Peek } else { Touch::Extend };
            why = wire::switch(request, "why")?;
        }
        if why && caller.key.role != Role::Admin {
            return Err(Error::new(Kind::Forbidden, "why=1 needs an admin key"));
        }
        Ok(Self { realm: caller.realm.id, touch, why, now: request.now })
    }

    async fn one(&self, request: &Request, text: &str) -> Result<Said> {
        // The token's checksum is for secret scanners. It is not verified: a look-up is cheaper.
        let Some(token) = Token::presented(text) else { return Ok(self.inactive(DeadReason::Unknown, None)) };
        let presented = Presented { dialect: NAME, realm: self.realm, client: None, token: &token };
        let authority = &request.app.authority;
        match authority.check(&presented, self.now, self.touch) {
            Ok(standing) => Ok(Said::Active(standing)),
            Err(error) if !matches!(error.kind(), Kind::Dead(_)) => Err(error),
            Err(_) if !self.why => Ok(self.inactive(DeadReason::Unknown, None)),
            Err(_) => {
                let (cause, mark) = authority.cause(&presented, self.now).await?;
                Ok(self.inactive(
                    cause,
                    mark.as_ref().and_then(|mark| serde_json::to_value(mark::mark(mark)).ok()),
                ))
            }
        }
    }

    fn inactive(&self, cause: DeadReason, ended_by: Option<Value>) -> Said {
        if self.why {
            Said::Explained { ended_by, verdict: Kind::Dead(cause).word() }
        } else {
            Said::Inactive
        }
    }
}
