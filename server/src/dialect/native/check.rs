//! `POST /v1/check`: is this token's session alive? One token, or up to 1,000 in one call.

use std::borrow::Cow;

use exeunt_core::{ClientId, Moment, SessionId, Token, UserId};
use http::StatusCode;
use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::caller::{Caller, Need};
use super::wire::Shown;
use super::{DOOR, Reply, serve, wire};
use crate::authority::{Presented, Role, Slide, Standing};
use crate::error::{Cause, Error, Kind, Result};
use crate::exchange::{Answer, Exchange};

/// Tokens in one call at most.
const TOKENS_MAX: usize = 1_000;

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Question<'a> {
    #[serde(borrow)]
    token: Option<Cow<'a, str>>,
    #[serde(borrow)]
    tokens: Option<Vec<Cow<'a, str>>>,
}

pub(super) fn check(x: Exchange) -> Answer {
    serve(x, Need::Check, run)
}

async fn run(mut x: Exchange, caller: Caller) -> Reply {
    let check = Check::of(&x, &caller)?;
    let body = wire::body(&mut x).await?;
    match wire::read(&body)? {
        Question { token: Some(token), tokens: None } => {
            Ok(wire::json(StatusCode::OK, &check.one(&x, &token).await?))
        }
        Question { token: None, tokens: Some(tokens) } if tokens.len() <= TOKENS_MAX => {
            let mut results = Vec::with_capacity(tokens.len());
            for token in &tokens {
                results.push(check.one(&x, token).await?);
            }
            Ok(wire::json(StatusCode::OK, &Results { results }))
        }
        _ => Err(Error::malformed("body", "either token, or tokens, of which at most 1,000").into()),
    }
}

#[derive(Serialize)]
struct Results {
    results: Vec<Said>,
}

/// What is said of a token, its members in the order of their names, as everywhere. Written without a detour, for this
/// is the hot path.
#[derive(Serialize)]
#[serde(untagged)]
enum Said {
    Active {
        active: bool,
        client: Option<Shown<ClientId>>,
        expires_at: Option<Shown<jiff::Timestamp>>,
        session: Shown<SessionId>,
        user: Option<Shown<UserId>>,
    },
    Inactive {
        active: bool,
    },
    Explained {
        active: bool,
        ended_by: Option<Value>,
        verdict: &'static str,
    },
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

    async fn one(&self, x: &Exchange, text: &str) -> Result<Said> {
        // Its checksum is for scanners: a look-up costs less than to compute it.
        let Some(token) = Token::presented(text) else { return Ok(self.inactive(Cause::Unknown, None)) };
        let presented = Presented { door: DOOR, realm: self.realm, client: None, token: &token };
        let authority = &x.app.authority;
        match authority.check(&presented, self.now, self.slide) {
            Ok(standing) => Ok(active(&standing)),
            Err(error) if !matches!(error.kind(), Kind::Dead(_)) => Err(error),
            Err(_) if !self.why => Ok(self.inactive(Cause::Unknown, None)),
            Err(_) => {
                let (cause, mark) = authority.cause(&presented, self.now).await?;
                Ok(self.inactive(
                    cause,
                    mark.as_ref().and_then(|mark| serde_json::to_value(wire::mark(mark)).ok()),
                ))
            }
        }
    }

    fn inactive(&self, cause: Cause, ended_by: Option<Value>) -> Said {
        if self.why {
            Said::Explained { active: false, ended_by, verdict: Kind::Dead(cause).word() }
        } else {
            Said::Inactive { active: false }
        }
    }
}

fn active(standing: &Standing) -> Said {
    Said::Active {
        active: true,
        client: standing.client.map(Shown),
        expires_at: standing.expires_at.and_then(wire::timestamp).map(Shown),
        session: Shown(standing.session),
        user: standing.user.map(Shown),
    }
}
