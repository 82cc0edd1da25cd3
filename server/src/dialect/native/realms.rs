//! `/v1/realms`: create · list.

use http::StatusCode;
use serde::Deserialize;

use super::caller::{Caller, Need};
use super::{settle, wire};
use crate::exchange::{Answer, Exchange};

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Given {
    name: String,
}

pub(super) fn create(x: Exchange) -> Answer {
    Box::pin(settle(async move {
        let mut x = x;
        let caller = Caller::of(&x, Need::Change)?;
        caller.must_hold_all_realms()?;
        let given: Given = wire::read(&x.body().await?)?;
        let (app, call) = (x.app.clone(), caller.call(&mut x));
        let realm = app.authority.create_realm(&call, &given.name).await?;
        Ok(wire::json(StatusCode::CREATED, &wire::realm(&realm)))
    }))
}

pub(super) fn list(x: Exchange) -> Answer {
    Box::pin(settle(async move {
        let caller = Caller::of(&x, Need::Read)?;
        let view = caller.view(&x);
        let realms = x.app.authority.realms();
        let seen = realms.iter().filter(|realm| view.is_none_or(|only| realm.id == only));
        Ok(wire::json(
            StatusCode::OK,
            &wire::page(seen.map(|realm| wire::realm(realm)).collect(), None::<u64>),
        ))
    }))
}
