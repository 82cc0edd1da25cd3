//! `/v1/users`: create · list · show · change · remove.

use exeunt_core::UserId;
use http::StatusCode;
use serde::Deserialize;
use serde_json::{Map, Value};

use super::caller::Caller;
use super::{Reply, wire};
use crate::authority::{Identifier, Password, UserChange};
use crate::error::{Error, Result};
use crate::http::{Request, empty};

/// The most users on one page.
const PAGE: u32 = 100;

/// The body of a create or change. A password can be written, but never read.
#[derive(Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
struct UserBody {
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

pub(super) async fn create(mut request: Request, caller: Caller) -> Reply {
    let given: UserBody = wire::object(&mut request).await?;
    let user = request
        .app
        .clone()
        .authority
        .create_user(&caller.call(&mut request), caller.realm.id, given.into())
        .await?;
    Ok(wire::json(StatusCode::CREATED, &wire::user(&user)))
}

pub(super) async fn list(request: Request, caller: Caller) -> Reply {
    if let Some(identifier) = identifier(&request)? {
        let found = request.app.authority.find_user(caller.realm.id, identifier).await?;
        let items = found.iter().map(wire::user).collect();
        return Ok(wire::json(StatusCode::OK, &wire::page(items, None::<u64>)));
    }
    let after = wire::parsed(&request, "cursor")?.unwrap_or(0);
    // One more than the page holds, to see whether there is a next page.
    let users = request.app.authority.users(caller.realm.id, after, PAGE + 1).await?;
    let shown = &users[..users.len().min(PAGE as usize)];
    let next = shown.last().filter(|_| shown.len() < users.len()).map(|last| last.number);
    Ok(wire::json(StatusCode::OK, &wire::page(shown.iter().map(wire::user).collect(), next)))
}

/// The identifier in the query, if it asks for one user. It is compared as at a login.
fn identifier(request: &Request) -> Result<Option<Identifier>> {
    let given = |name| wire::parameter(request, name);
    let mut asked = [
        given("username").map(Identifier::Username),
        given("email").map(Identifier::Email),
        given("account_number").map(Identifier::AccountNumber),
    ]
    .into_iter()
    .flatten();
    let first = asked.next();
    if first.is_some() && (asked.next().is_some() || given("cursor").is_some()) {
        let rule = "several of username, email, account_number and cursor are given; expected at most one";
        return Err(Error::malformed("query", rule));
    }
    Ok(first)
}

pub(super) async fn show(request: Request, caller: Caller) -> Reply {
    let user = request.app.authority.user(caller.realm.id, wire::id(&request, "user")?).await?;
    Ok(wire::json(StatusCode::OK, &wire::user(&user)))
}

pub(super) async fn change(mut request: Request, caller: Caller) -> Reply {
    let id: UserId = wire::id(&request, "user")?;
    let given: UserBody = wire::object(&mut request).await?;
    let (app, call) = (request.app.clone(), caller.call(&mut request));
    let saved = app.authority.change_user(&call, caller.realm.id, id, given.into()).await?;
    Ok(wire::json(StatusCode::OK, &wire::user(&saved.record)))
}

pub(super) async fn remove(mut request: Request, caller: Caller) -> Reply {
    let id: UserId = wire::id(&request, "user")?;
    let (app, call) = (request.app.clone(), caller.call(&mut request));
    app.authority.remove_user(&call, caller.realm.id, id).await?;
    Ok(empty(StatusCode::NO_CONTENT))
}

impl From<UserBody> for UserChange {
    fn from(given: UserBody) -> Self {
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
