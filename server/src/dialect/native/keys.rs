//! `/v1/keys`: create · list · remove. A key is shown once.

use exeunt_core::KeyId;
use http::StatusCode;
use serde::Deserialize;
use serde_json::json;

use super::caller::Caller;
use super::{Reply, wire};
use crate::authority::Role;
use crate::error::Error;
use crate::http::{Request, empty};

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct NewKey {
    #[serde(default)]
    name: String,
    role: String,
    /// The name of the only realm of the key. If absent, the key covers what the caller sees: one realm or all.
    realm: Option<String>,
}

pub(super) async fn create(mut request: Request, caller: Caller) -> Reply {
    let given: NewKey = wire::object(&mut request).await?;
    let (app, view, call) = (request.app.clone(), caller.view(&request), caller.call(&mut request));
    let role = Role::from_word(&given.role);
    let role =
        role.ok_or_else(|| Error::malformed("role", "unknown role; expected admin, read, check or end"))?;
    let realm = match (&given.realm, view) {
        (Some(name), None) => Some(app.authority.realm(name)?.id),
        (Some(name), Some(_)) if *name != caller.realm.name => return Err(Error::not_found("realm").into()),
        (_, view) => view,
    };
    let (key, text) = app.authority.create_key(&call, &given.name, role, realm).await?;
    let mut shape = wire::key(&key);
    shape["key"] = json!(text.expose());
    Ok(wire::json(StatusCode::CREATED, &shape))
}

pub(super) async fn list(request: Request, caller: Caller) -> Reply {
    let view = caller.view(&request);
    let keys = request.app.authority.keys();
    let seen = keys.iter().filter(|key| view.is_none_or(|realm| key.realm == Some(realm)));
    Ok(wire::json(StatusCode::OK, &wire::page(seen.map(|key| wire::key(key)).collect(), None::<u64>)))
}

pub(super) async fn remove(mut request: Request, caller: Caller) -> Reply {
    let id: KeyId = wire::id(&request, "key")?;
    let (app, view, call) = (request.app.clone(), caller.view(&request), caller.call(&mut request));
    let found = app.authority.keys().into_iter().find(|key| key.id == id);
    if view.is_some() && found.is_none_or(|key| key.realm != view) {
        return Err(Error::not_found("key").into());
    }
    app.authority.remove_key(&call, id).await?;
    Ok(empty(StatusCode::NO_CONTENT))
}
