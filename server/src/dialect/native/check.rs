//! `POST /v1/check`: is this token's session alive? One token, or up to 1,000 in one call.

use exeunt_core::token::SESSION_PREFIX;
use exeunt_core::{Moment, Token};
use http::StatusCode;
use serde::Deserialize;
use serde_json::{Value, json};

use super::caller::{Caller, Need};
use super::{DOOR, Reply, serve, wire};
use crate::authority::{Presented, Role, Slide, Standing};
use crate::error::{Cause, Error, Kind, Result};
use crate::exchange::{Answer, Exchange};

/// Tokens in one call at most.
const TOKENS_MAX: usize = 1_000;

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Question {
    token: Option<String>,
    tokens: Option<Vec<String>>,
}

pub(super) fn check(x: Exchange) -> Answer {
    serve(x, Need::Check, run)
}

async fn run(mut x: Exchange, caller: Caller) -> Reply {
    let check = Check::of(&x, &caller)?;
    let answer = match wire::object(&mut x).await? {
        Question { token: Some(token), tokens: None } => check.one(&x, &token).await?,
        Question { token: None, tokens: Some(tokens) } if tokens.len() <= TOKENS_MAX => {
            let mut results = Vec::with_capacity(tokens.len());
            for token in &tokens {
                results.push(check.one(&x, token).await?);
            }
            json!({ "results": results })
        }
        _ => return Err(Error::malformed("body", "either token, or tokens, of which at most 1,000").into()),
    };
    Ok(wire::json(StatusCode::OK, &answer))
}

struct Check {
    realm: exeunt_core::RealmId,
    slide: Slide,
    why: bool,
    now: Moment,
}

impl Check {
    fn of(x: &Exchange, caller: &Caller) -> Result<Self> {
        let (mut slide, mut why) = (Slide::Yes, false);
        if x.query().is_some() {
            slide = if wire::switch(x, "peek")? { Slide::No } else { Slide::Yes };
            why = wire::switch(x, "why")?;
        }
        if why && caller.key.role != Role::Admin {
            return Err(Error::new(Kind::Forbidden, "why=1 needs an admin key"));
        }
        Ok(Self { realm: caller.realm.id, slide, why, now: x.now })
    }

    async fn one(&self, x: &Exchange, text: &str) -> Result<Value> {
        let Some(token) = Token::parse(SESSION_PREFIX, text) else {
            return Ok(self.inactive(Cause::Unknown, None));
        };
        let presented = Presented { door: DOOR, realm: self.realm, client: None, token: &token };
        let authority = &x.app.authority;
        match authority.check(&presented, self.now, self.slide) {
            Ok(standing) => Ok(active(&standing)),
            Err(error) if !matches!(error.kind(), Kind::Dead(_)) => Err(error),
            Err(_) if !self.why => Ok(self.inactive(Cause::Unknown, None)),
            Err(_) => {
                let (cause, mark) = authority.cause(&presented, self.now).await?;
                Ok(self.inactive(cause, mark.as_ref().map(wire::mark)))
            }
        }
    }

    fn inactive(&self, cause: Cause, mark: Option<Value>) -> Value {
        if self.why {
            json!({ "active": false, "verdict": Kind::Dead(cause).word(), "ended_by": mark })
        } else {
            json!({ "active": false })
        }
    }
}

fn active(standing: &Standing) -> Value {
    json!({
        "active": true,
        "session": standing.session.to_string(),
        "user": standing.user.map(|id| id.to_string()),
        "client": standing.client.map(|id| id.to_string()),
        "expires_at": standing.expires_at.map(wire::time),
    })
}
