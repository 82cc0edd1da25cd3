//! `/v1/keys`: create · list · remove. A key is shown once.

use exeunt_core::KeyId;
use http::StatusCode;
use serde::Deserialize;
use serde_json::json;

use super::caller::{Caller, Need};
use super::{Reply, settle, wire};
use crate::authority::Role;
use crate::error::Error;
use crate::exchange::{Answer, Exchange, empty};

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Given {
    #[serde(default)]
    name: String,
    role: String,
    /// The name of the one realm that it opens; absent: all, which takes a key for all.
    realm: Option<String>,
}

pub(super) fn create(x: Exchange) -> Answer {
    Box::pin(settle(run_create(x)))
}

async fn run_create(mut x: Exchange) -> Reply {
    let caller = Caller::of(&x, Need::Change)?;
    let given: Given = wire::read(&x.body().await?)?;
    let (app, call) = (x.app.clone(), caller.call(&mut x));
    let role = Role::from_word(&given.role);
    let role = role.ok_or_else(|| Error::malformed("role", "role is admin, read, check or end"))?;
    let realm = match (&given.realm, caller.key.realm) {
        (Some(name), None) => Some(app.authority.realm(name)?.id),
        (Some(name), Some(_)) if *name != caller.realm.name => return Err(Error::not_found("realm").into()),
        (_, own) => own,
    };
    let (key, text) = app.authority.create_key(&call, &given.name, role, realm).await?;
    let mut shape = wire::key(&key);
    shape["key"] = json!(text.expose());
    Ok(wire::json(StatusCode::CREATED, &shape))
}

pub(super) fn list(x: Exchange) -> Answer {
    Box::pin(settle(async move {
        let caller = Caller::of(&x, Need::Read)?;
        let view = caller.view(&x);
        let keys = x.app.authority.keys();
        let seen = keys.iter().filter(|key| view.is_none_or(|realm| key.realm == Some(realm)));
        Ok(wire::json(StatusCode::OK, &wire::page(seen.map(|key| wire::key(key)).collect(), None::<u64>)))
    }))
}

pub(super) fn remove(x: Exchange) -> Answer {
    Box::pin(settle(async move {
        let mut x = x;
        let caller = Caller::of(&x, Need::Change)?;
        let id: KeyId = wire::id(&x, "key")?;
        let (app, call) = (x.app.clone(), caller.call(&mut x));
        let found = app.authority.keys().into_iter().find(|key| key.id == id);
        if caller.key.realm.is_some() && found.is_none_or(|key| key.realm != caller.key.realm) {
            return Err(Error::not_found("key").into());
        }
        app.authority.remove_key(&call, id).await?;
        Ok(empty(StatusCode::NO_CONTENT))
    }))
}
