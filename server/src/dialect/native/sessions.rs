//! `/v1/sessions`: issue · list · show. Ending them is in `end.rs`.

use exeunt_core::{ClientId, SessionId, UserId};
use http::StatusCode;
use serde::Deserialize;
use serde_json::json;

use super::caller::Caller;
use super::{NAME, Reply, wire};
use crate::authority::IssueRequest;
use crate::authority::list::{SessionState, Wanted};
use crate::error::{Error, Kind, Result};
use crate::http::Request;
use crate::time::GivenSecs;

/// A session for a user whom a trusted back end has authenticated.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct NewSessionBody {
    user: String,
    client: Option<String>,
    idle_secs: Option<GivenSecs>,
    absolute_secs: Option<GivenSecs>,
}

pub(super) async fn issue(mut request: Request, caller: Caller) -> Reply {
    let given: NewSessionBody = wire::object(&mut request).await?;
    let (app, call) = (request.app.clone(), caller.call(&mut request));
    let token = call.mint.session_token();
    let user: UserId = given.user.parse().map_err(|_| Error::not_found("user"))?;
    let client = given
        .client
        .map(|text| text.parse::<ClientId>())
        .transpose()
        .map_err(|_| Error::not_found("client"))?;
    let (idle_secs, absolute_secs) = wire::lifetimes(given.idle_secs.as_ref(), given.absolute_secs.as_ref())?;
    let issue_request = IssueRequest { dialect: NAME, user, client, idle_secs, absolute_secs, parent: None };
    let standing =
        app.authority.vouch(&call, caller.realm.id, &issue_request, &token).await.map_err(lost_the_race)?;
    let body = json!({
        "session": standing.session.to_string(),
        "token": token.expose(),
        "user": standing.user.map(|id| id.to_string()),
        "client": standing.client.map(|id| id.to_string()),
        "expires_at": standing.expires_at.map(wire::time),
    });
    Ok(wire::json(StatusCode::CREATED, &body))
}

pub(super) async fn list(request: Request, caller: Caller) -> Reply {
    let page = request.app.authority.list(caller.realm.id, wanted(&request)?, request.now).await?;
    let items = page.sessions.iter().map(wire::session).collect();
    Ok(wire::json(StatusCode::OK, &wire::page(items, page.next)))
}

pub(super) async fn show(request: Request, caller: Caller) -> Reply {
    let id: SessionId = wire::id(&request, "session")?;
    let listed = request.app.authority.session(caller.realm.id, id, request.now).await?;
    Ok(wire::json(StatusCode::OK, &wire::session(&listed)))
}

fn wanted(request: &Request) -> Result<Wanted> {
    let state = match wire::parameter(request, "state").as_deref() {
        Some("alive") => SessionState::Alive,
        Some("dead") => SessionState::Dead,
        Some("all") | None => SessionState::All,
        Some(_) => {
            return Err(Error::malformed("state", "state has an unknown value; expected alive, dead or all"));
        }
    };
    Ok(Wanted {
        user: wire::parsed::<UserId>(request, "user")?,
        client: wire::parsed::<ClientId>(request, "client")?,
        state,
        before: wire::parsed(request, "cursor")?.unwrap_or(u64::MAX),
    })
}

/// A logout (such as "everywhere") ended the session while it was being issued.
fn lost_the_race(error: Error) -> Error {
    match error.kind() {
        Kind::Dead(_) => {
            Error::new(Kind::Conflict("user"), "the session was ended while it was being issued; try again")
        }
        _ => error,
    }
}
