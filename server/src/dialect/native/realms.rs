//! `/v1/realms`: create · list.

use http::StatusCode;
use serde::Deserialize;

use super::caller::Need;
use super::{serve, wire};
use crate::exchange::{Answer, Exchange};

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Given {
    name: String,
}

pub(super) fn create(x: Exchange) -> Answer {
    serve(x, Need::Change, |mut x, caller| async move {
        caller.must_hold_all_realms()?;
        let given: Given = wire::object(&mut x).await?;
        let (app, call) = (x.app.clone(), caller.call(&mut x));
        let realm = app.authority.create_realm(&call, &given.name).await?;
        Ok(wire::json(StatusCode::CREATED, &wire::realm(&realm)))
    })
}

pub(super) fn list(x: Exchange) -> Answer {
    serve(x, Need::Read, |x, caller| async move {
        let view = caller.view(&x);
        let realms = x.app.authority.realms();
        let seen = realms.iter().filter(|realm| view.is_none_or(|only| realm.id == only));
        Ok(wire::json(
            StatusCode::OK,
            &wire::page(seen.map(|realm| wire::realm(realm)).collect(), None::<u64>),
        ))
    })
}
