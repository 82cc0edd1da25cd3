//! Administrative logout: one session, or all sessions of a user, a client or the realm.

use exeunt_core::{Anchor, SessionId, UserId, Why};
use http::StatusCode;
use serde_json::json;

use super::caller::Caller;
use super::{Reply, mark, wire};
use crate::http::Request;

pub(super) async fn session(mut request: Request, caller: Caller) -> Reply {
    let id: SessionId = wire::id(&request, "session")?;
    if wire::switch(&request, "dry_run")? {
        return would_end(&request, &caller, Anchor::Session(id)).await;
    }
    let (app, call) = (request.app.clone(), caller.call(&mut request));
    let ending = app.authority.end_session(&call, caller.realm.id, id).await?;
    Ok(wire::json(StatusCode::OK, &mark::ending(&ending)))
}

pub(super) async fn user(request: Request, caller: Caller) -> Reply {
    let id: UserId = wire::id(&request, "user")?;
    match wire::parsed(&request, "except")? {
        Some(keep) => others(request, &caller, id, keep).await,
        None => all(request, &caller, Anchor::User(id), Why::Everywhere).await,
    }
}

pub(super) async fn client(request: Request, caller: Caller) -> Reply {
    let anchor = Anchor::Client(wire::id(&request, "client")?);
    all(request, &caller, anchor, Why::Admin).await
}

pub(super) async fn realm(request: Request, caller: Caller) -> Reply {
    let anchor = Anchor::Realm(caller.realm.id);
    all(request, &caller, anchor, Why::Admin).await
}

async fn all(mut request: Request, caller: &Caller, anchor: Anchor, why: Why) -> Reply {
    if wire::switch(&request, "dry_run")? {
        return would_end(&request, caller, anchor).await;
    }
    let (app, call) = (request.app.clone(), caller.call(&mut request));
    let ending = app.authority.end_all(&call, caller.realm.id, anchor, why).await?;
    Ok(wire::json(StatusCode::OK, &mark::ending(&ending)))
}

async fn would_end(request: &Request, caller: &Caller, anchor: Anchor) -> Reply {
    let count = request.app.authority.would_end_all(caller.realm.id, anchor, request.now).await?;
    Ok(wire::json(StatusCode::OK, &json!({ "would_end": count })))
}

async fn others(mut request: Request, caller: &Caller, user: UserId, keep: SessionId) -> Reply {
    let (app, realm, now) = (request.app.clone(), caller.realm.id, request.now);
    if wire::switch(&request, "dry_run")? {
        let count = app.authority.would_end_others(realm, user, keep, now).await?;
        return Ok(wire::json(StatusCode::OK, &json!({ "would_end": count })));
    }
    let call = caller.call(&mut request);
    let (ended, position) = app.authority.end_others(&call, realm, user, keep).await?;
    let position = wire::position(position);
    Ok(wire::json(StatusCode::OK, &json!({ "ended": ended, "position": position })))
}
