//! `GET /v1/dialects/usage`: which client still makes which call of a legacy dialect, how often, and when last.

use http::StatusCode;
use serde_json::json;

use super::caller::Caller;
use super::{Reply, wire};
use crate::http::Request;

pub(super) async fn run(request: Request, caller: Caller) -> Reply {
    let authority = &request.app.authority;
    let items = authority.usage(caller.view(&request)).into_iter().map(|usage| {
        let client = usage.client.and_then(|id| authority.client(usage.realm, id).ok());
        json!({
            "dialect": usage.dialect.name(),
            "call": usage.call,
            "client": usage.client.map(|id| id.to_string()),
            "client_name": client.map(|client| client.name.clone()),
            "count": usage.count,
            "last_at": wire::time(usage.last_at),
        })
    });
    Ok(wire::json(StatusCode::OK, &wire::page(items.collect(), None::<u64>)))
}
