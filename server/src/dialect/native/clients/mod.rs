//! `/v1/clients`: create · list · show · change · remove.

mod body;

use exeunt_core::ClientId;
use http::StatusCode;
use serde_json::Value;

use self::body::{ClientBody, Made};
use super::caller::Caller;
use super::{NAME, Reply, wire};
use crate::authority::{Client, ClientChange};
use crate::error::Error;
use crate::http::{Request, empty};

pub(super) async fn create(mut request: Request, caller: Caller) -> Reply {
    let body = wire::body(&mut request).await?;
    let given = ClientBody::read(&request.app, &body)?;
    let (app, call) = (request.app.clone(), caller.call(&mut request));
    let Made { settings, shown, .. } = given.settings(&app, &call, None)?;
    let (idle_secs, absolute_secs) = given.lifetimes()?;
    let name = given.name.as_deref().unwrap_or_default();
    let usual = Client::usual(&call, caller.realm.id, given.dialect(), name, settings.unwrap_or_default());
    let client = Client {
        idle_secs: idle_secs.unwrap_or(usual.idle_secs),
        absolute_secs: absolute_secs.unwrap_or(usual.absolute_secs),
        sessions_max: given.max_sessions.unwrap_or(usual.sessions_max),
        ..usual
    };
    let client = app.authority.create_client(&call, client).await?;
    let mut shape = wire::client(&app, &client);
    shape.extend(shown);
    Ok(wire::json(StatusCode::CREATED, &shape))
}

pub(super) async fn list(request: Request, caller: Caller) -> Reply {
    let (authority, realm) = (&request.app.authority, caller.realm.id);
    let clients = match wire::parameter(&request, "name") {
        Some(name) => authority.clients_called(realm, &name),
        None => authority.clients(realm),
    };
    let items = clients.iter().map(|client| Value::Object(wire::client(&request.app, client))).collect();
    Ok(wire::json(StatusCode::OK, &wire::page(items, None::<u64>)))
}

pub(super) async fn show(request: Request, caller: Caller) -> Reply {
    let client = request.app.authority.client(caller.realm.id, wire::id(&request, "client")?)?;
    Ok(wire::json(StatusCode::OK, &wire::client(&request.app, &client)))
}

pub(super) async fn change(mut request: Request, caller: Caller) -> Reply {
    let id: ClientId = wire::id(&request, "client")?;
    let body = wire::body(&mut request).await?;
    let given = ClientBody::read(&request.app, &body)?;
    let (app, call) = (request.app.clone(), caller.call(&mut request));
    let before = app.authority.client(caller.realm.id, id)?;
    if given.dialect.is_some() {
        return Err(Error::malformed(
            "dialect",
            "the dialect of a client cannot be changed; create another client",
        )
        .into());
    }
    let Made { settings, secret_replaced, shown } = given.settings(&app, &call, Some(&before))?;
    let (idle_secs, absolute_secs) = given.lifetimes()?;
    let change = ClientChange {
        name: given.name,
        idle_secs,
        absolute_secs,
        sessions_max: given.max_sessions,
        settings,
        secret_replaced,
    };
    let saved = app.authority.change_client(&call, caller.realm.id, id, change).await?;
    let mut shape = wire::client(&app, &saved.record);
    shape.extend(shown);
    Ok(wire::json(StatusCode::OK, &shape))
}

pub(super) async fn remove(mut request: Request, caller: Caller) -> Reply {
    let id: ClientId = wire::id(&request, "client")?;
    let (app, call) = (request.app.clone(), caller.call(&mut request));
    app.authority.remove_client(&call, caller.realm.id, id).await?;
    Ok(empty(StatusCode::NO_CONTENT))
}
