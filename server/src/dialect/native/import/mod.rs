//! `/v1/users/import`, `/v1/sessions/import`: imports users and sessions of another system in batches. Each row has its
//! own result: a refused row does not affect the others.

mod session;

use http::StatusCode;
use serde::Deserialize;
use serde::de::DeserializeOwned;
use serde_json::value::RawValue;
use serde_json::{Map, Value, json};

use self::session::GivenSession;
use super::caller::Caller;
use super::{Reply, error, marks, wire};
use crate::authority::migrate::sessions::Taken;
use crate::authority::migrate::users::{Imported, Newcomer, Run};
use crate::authority::{Position, UserChange};
use crate::error::{Error, Kind, Result};
use crate::http::Request;

/// Users of another system, not yet parsed.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Users<'a> {
    #[serde(borrow)]
    users: Vec<&'a RawValue>,
}

/// Live sessions of another system, not yet parsed.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Sessions<'a> {
    #[serde(borrow)]
    sessions: Vec<&'a RawValue>,
    since: Option<String>,
    /// The default for rows that name neither a dialect nor a client.
    dialect: Option<String>,
    /// As `dialect`.
    client: Option<String>,
}

/// A user of another system.
#[derive(Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
struct GivenUser {
    username: Option<String>,
    email: Option<String>,
    account_number: Option<String>,
    password_hash: Option<String>,
    first_name: Option<String>,
    last_name: Option<String>,
    data: Option<Map<String, Value>>,
    disabled: Option<bool>,
}

pub(super) async fn users(mut request: Request, caller: Caller) -> Reply {
    let run = if wire::switch(&request, "dry_run")? { Run::Dry } else { Run::Real };
    let body = wire::batch(&mut request).await?;
    let batch: Users<'_> = wire::read(&body)?;
    let newcomers = batch.users.iter().map(|row| self::row::<GivenUser>(row).map(Newcomer::from)).collect();
    let (app, call) = (request.app.clone(), caller.call(&mut request));
    let outcomes = app.authority.import_users(&call, caller.realm.id, newcomers, run).await?;
    let results = outcomes.iter().map(|outcome| match outcome {
        Ok(Imported::Made(id)) => json!({ "outcome": "made", "user": id.to_string() }),
        Ok(Imported::There(id)) => json!({ "outcome": "there", "user": id.to_string() }),
        Err(error) => refused(error),
    });
    Ok(wire::json(StatusCode::OK, &json!({ "results": results.collect::<Vec<_>>() })))
}

pub(super) async fn sessions(mut request: Request, caller: Caller) -> Reply {
    let run = if wire::switch(&request, "dry_run")? { Run::Dry } else { Run::Real };
    let body = wire::batch(&mut request).await?;
    let batch: Sessions<'_> = wire::read(&body)?;
    let app = request.app.clone();
    let now = app.authority.position().await?;
    let since = match &batch.since {
        None => now.stamp,
        Some(since) => match marks::place("since", Some(since), now)? {
            Some(since) => since,
            None => return Ok(error::gone()),
        },
    };
    if batch.dialect.is_some() || batch.client.is_some() {
        // An error in the defaults is reported once, not for each row.
        let dialect =
            batch.dialect.as_deref().map(|name| session::dialect(&request.app, name)).transpose()?;
        let client = batch.client.as_deref().map(session::client);
        app.authority.client_named(caller.realm.id, client.as_ref(), dialect)?;
    }
    let read = |text: &&RawValue| {
        let given = row::<GivenSession>(text)?.or(batch.dialect.as_deref(), batch.client.as_deref());
        given.into_elsewhere(&app)
    };
    let all = batch.sessions.iter().map(read).collect();
    let outcomes = app.authority.adopt(&caller.call(&mut request), caller.realm.id, since, all, run).await?;
    let results = outcomes.iter().map(|outcome| match outcome {
        Ok(Taken::Made(id)) => json!({ "outcome": "made", "session": id.to_string() }),
        Ok(Taken::There) => json!({ "outcome": "there" }),
        Err(error) => refused(error),
    });
    // For the next batch of the same list.
    let position = wire::position(Position { stamp: since, ..now });
    let body = json!({ "results": results.collect::<Vec<_>>(), "position": position });
    Ok(wire::json(StatusCode::OK, &body))
}

/// Parses a row. The error does not contain the row's values, since some are secrets.
fn row<T: DeserializeOwned>(row: &RawValue) -> Result<T> {
    if !row.get().starts_with('{') {
        return Err(Error::malformed("row", "the row is not a JSON object"));
    }
    serde_json::from_str(row.get()).map_err(|error| {
        let (name, error) = wrong_member::<T>(row.get()).unwrap_or((String::new(), error));
        let said = wire::without_values(&error);
        // Line and column are those within the row, which mean nothing to the caller.
        let said = said.split(" at line ").next().unwrap_or_default();
        Error::malformed("row", format!("the row is not valid: {name}{said}"))
    })
}

/// The member whose value alone is wrong, and why. Names of unknown members are never shown: they are the caller's
/// text, which may be a secret in the wrong place.
fn wrong_member<T: DeserializeOwned>(row: &str) -> Option<(String, serde_json::Error)> {
    let members: Map<String, Value> = serde_json::from_str(row).ok()?;
    members.into_iter().find_map(|(name, value)| {
        let told = format!("{name}: ");
        let error = serde_json::from_value::<T>(Value::Object(Map::from_iter([(name, value)]))).err()?;
        (!error.to_string().starts_with("unknown field")).then_some((told, error))
    })
}

fn refused(error: &Error) -> Value {
    let field = match error.kind() {
        Kind::Malformed(field) | Kind::Conflict(field) => Some(field),
        _ => None,
    };
    json!({ "outcome": "refused", "kind": error.kind().word(), "field": field, "detail": error.public() })
}

impl From<GivenUser> for Newcomer {
    fn from(given: GivenUser) -> Self {
        let user = UserChange {
            username: given.username.map(Some),
            email: given.email.map(Some),
            account_number: given.account_number.map(Some),
            password: None,
            first_name: given.first_name,
            last_name: given.last_name,
            data: given.data,
            disabled: given.disabled,
        };
        // An empty cell of a table means that there is no hash.
        Self { user, password_hash: given.password_hash.filter(|hash| !hash.is_empty()) }
    }
}
