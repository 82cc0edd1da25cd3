//! `/v1/users`: create · list · show · change · remove.

use exeunt_core::UserId;
use http::StatusCode;
use serde::Deserialize;
use serde_json::{Map, Value};

use super::caller::{Caller, Need};
use super::{Reply, settle, wire};
use crate::authority::{Password, UserChange};
use crate::exchange::{Answer, Exchange, empty};

/// Users on one page.
const PAGE: u32 = 100;

/// A user as it is given. A password is written, and never read back.
#[derive(Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
struct Given {
    #[serde(deserialize_with = "wire::change")]
    username: Option<Option<String>>,
    #[serde(deserialize_with = "wire::change")]
    email: Option<Option<String>>,
    #[serde(deserialize_with = "wire::change")]
    account_number: Option<Option<String>>,
    #[serde(deserialize_with = "wire::change")]
    password: Option<Option<String>>,
    first_name: Option<String>,
    last_name: Option<String>,
    data: Option<Map<String, Value>>,
    disabled: Option<bool>,
}

pub(super) fn create(x: Exchange) -> Answer {
    Box::pin(settle(async move {
        let mut x = x;
        let caller = Caller::of(&x, Need::Change)?;
        let given: Given = wire::read(&x.body().await?)?;
        let user =
            x.app.clone().authority.create_user(&caller.call(&mut x), caller.realm.id, given.into()).await?;
        Ok(wire::json(StatusCode::CREATED, &wire::user(&user)))
    }))
}

pub(super) fn list(x: Exchange) -> Answer {
    Box::pin(settle(async move {
        let caller = Caller::of(&x, Need::Read)?;
        let after = wire::parsed(&x, "cursor")?.unwrap_or(0);
        let users = x.app.authority.users(caller.realm.id, after, PAGE).await?;
        let next = users.last().filter(|_| users.len() == PAGE as usize).map(|last| last.number);
        Ok(wire::json(StatusCode::OK, &wire::page(users.iter().map(wire::user).collect(), next)))
    }))
}

pub(super) fn show(x: Exchange) -> Answer {
    Box::pin(settle(async move {
        let caller = Caller::of(&x, Need::Read)?;
        let user = x.app.authority.user(caller.realm.id, wire::id(&x, "user")?).await?;
        Ok(wire::json(StatusCode::OK, &wire::user(&user)))
    }))
}

pub(super) fn change(x: Exchange) -> Answer {
    Box::pin(settle(run_change(x)))
}

async fn run_change(mut x: Exchange) -> Reply {
    let caller = Caller::of(&x, Need::Change)?;
    let id: UserId = wire::id(&x, "user")?;
    let given: Given = wire::read(&x.body().await?)?;
    let (app, call) = (x.app.clone(), caller.call(&mut x));
    let saved = app.authority.change_user(&call, caller.realm.id, id, given.into()).await?;
    Ok(wire::json(StatusCode::OK, &wire::user(&saved.record)))
}

pub(super) fn remove(x: Exchange) -> Answer {
    Box::pin(settle(async move {
        let mut x = x;
        let caller = Caller::of(&x, Need::Change)?;
        let id: UserId = wire::id(&x, "user")?;
        let (app, call) = (x.app.clone(), caller.call(&mut x));
        app.authority.remove_user(&call, caller.realm.id, id).await?;
        Ok(empty(StatusCode::NO_CONTENT))
    }))
}

impl From<Given> for UserChange {
    fn from(given: Given) -> Self {
        Self {
            username: given.username,
            email: given.email,
            account_number: given.account_number,
            password: given.password.map(|password| password.map(|text| Password::new(&text))),
            first_name: given.first_name,
            last_name: given.last_name,
            data: given.data,
            disabled: given.disabled,
        }
    }
}
