//! Logging out from above: one session, everything of a user, of a client, of the realm.

use exeunt_core::{Anchor, ClientId, SessionId, UserId, Why};
use http::StatusCode;
use serde_json::json;

use super::caller::{Caller, Need};
use super::{Reply, mark, serve, wire};
use crate::http::{Answer, Exchange};

pub(super) fn session(x: Exchange) -> Answer {
    serve(x, Need::End, |mut x, caller| async move {
        let id: SessionId = wire::id(&x, "session")?;
        if wire::switch(&x, "dry_run")? {
            x.app.authority.session(caller.realm.id, id, x.now).await?;
            return would_end(&x, Anchor::Session(id));
        }
        let (app, call) = (x.app.clone(), caller.call(&mut x));
        let ending = app.authority.end_session(&call, caller.realm.id, id).await?;
        Ok(wire::json(StatusCode::OK, &mark::ending(&ending)))
    })
}

pub(super) fn user(x: Exchange) -> Answer {
    serve(x, Need::End, |x, caller| async move {
        let id: UserId = wire::id(&x, "user")?;
        let except = wire::parsed::<SessionId>(&x, "except")?;
        if except.is_some() || wire::switch(&x, "dry_run")? {
            x.app.authority.user(caller.realm.id, id).await?;
        }
        match except {
            Some(keep) => others(x, &caller, id, keep).await,
            None => all(x, &caller, Anchor::User(id), Why::Everywhere).await,
        }
    })
}

pub(super) fn client(x: Exchange) -> Answer {
    serve(x, Need::End, |x, caller| async move {
        let id: ClientId = wire::id(&x, "client")?;
        x.app.authority.client(caller.realm.id, id)?;
        all(x, &caller, Anchor::Client(id), Why::Admin).await
    })
}

pub(super) fn realm(x: Exchange) -> Answer {
    serve(x, Need::End, |x, caller| async move {
        let anchor = Anchor::Realm(caller.realm.id);
        all(x, &caller, anchor, Why::Admin).await
    })
}

async fn all(mut x: Exchange, caller: &Caller, anchor: Anchor, why: Why) -> Reply {
    if wire::switch(&x, "dry_run")? {
        return would_end(&x, anchor);
    }
    let (app, call) = (x.app.clone(), caller.call(&mut x));
    let ending = app.authority.end_all(&call, caller.realm.id, anchor, why).await?;
    Ok(wire::json(StatusCode::OK, &mark::ending(&ending)))
}

async fn others(mut x: Exchange, caller: &Caller, user: UserId, keep: SessionId) -> Reply {
    if wire::switch(&x, "dry_run")? {
        let count = x.app.authority.would_end_others(user, keep, x.now).await?;
        return Ok(wire::json(StatusCode::OK, &json!({ "would_end": count })));
    }
    let (app, call) = (x.app.clone(), caller.call(&mut x));
    let (ended, position) = app.authority.end_others(&call, caller.realm.id, user, keep).await?;
    let position = wire::position(position);
    Ok(wire::json(StatusCode::OK, &json!({ "ended": ended, "position": position })))
}

fn would_end(x: &Exchange, anchor: Anchor) -> Reply {
    let count = x.app.authority.would_end(anchor, x.now)?;
    Ok(wire::json(StatusCode::OK, &json!({ "would_end": count })))
}
