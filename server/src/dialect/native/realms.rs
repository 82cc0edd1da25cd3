//! `/v1/realms`: create · list · change.

use exeunt_core::RealmId;
use http::StatusCode;
use serde::Deserialize;

use super::caller::Caller;
use super::{Reply, wire};
use crate::authority::Usernames;
use crate::error::Error;
use crate::http::Request;

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct NewRealm {
    name: String,
}

/// The fields of a realm that can be changed.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Change {
    usernames: String,
}

pub(super) async fn create(mut request: Request, caller: Caller) -> Reply {
    caller.must_hold_all_realms()?;
    let given: NewRealm = wire::object(&mut request).await?;
    let (app, call) = (request.app.clone(), caller.call(&mut request));
    let realm = app.authority.create_realm(&call, &given.name).await?;
    Ok(wire::json(StatusCode::CREATED, &wire::realm(&realm)))
}

pub(super) async fn list(request: Request, caller: Caller) -> Reply {
    let view = caller.view(&request);
    let realms = request.app.authority.realms();
    let seen = realms.iter().filter(|realm| view.is_none_or(|only| realm.id == only));
    Ok(wire::json(StatusCode::OK, &wire::page(seen.map(|realm| wire::realm(realm)).collect(), None::<u64>)))
}

pub(super) async fn change(mut request: Request, caller: Caller) -> Reply {
    let id: RealmId = wire::id(&request, "realm")?;
    // A key of one realm sees no other realm.
    if caller.key.realm.is_some_and(|only| only != id) {
        return Err(Error::not_found("realm").into());
    }
    let given: Change = wire::object(&mut request).await?;
    let usernames = Usernames::from_word(&given.usernames).ok_or_else(|| {
        Error::malformed("usernames", "usernames has an unknown value; expected exact or ignore_case")
    })?;
    let (app, call) = (request.app.clone(), caller.call(&mut request));
    let realm = app.authority.change_realm(&call, id, usernames).await?;
    Ok(wire::json(StatusCode::OK, &wire::realm(&realm)))
}
