//! The wire format: the flags of the query, credentials as JSON, the record of a user.

use bytes::Bytes;
use exeunt_core::Moment;
use http::StatusCode;
use serde::Serialize;
use serde_json::{Map, Value};

use crate::authority::{Identifier, Password, User, UserChange};
use crate::error::{Error, Result};
use crate::http::NOTHING;
use crate::http::form::{Field, Fields, TooManyFields};
use crate::http::{Response, answer};
use crate::time::text::utc_or_last;

/// The parsed query.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Query {
    /// The project's key. `None` if it is missing or empty. A repeated key matches no project.
    pub key: Option<String>,
    /// `true` if this POST logs in.
    pub login: bool,
    /// `true` if this POST logs out.
    pub logout: bool,
    /// `true` if the response is only the `data` of a user.
    pub data_only: bool,
    /// `true` if the token is returned in a header instead of a cookie.
    pub no_cookie: bool,
}

/// The body of a login or a registration.
pub(super) struct Credentials {
    /// The name or e-mail address.
    pub identifier: Identifier,
    pub password: Password,
    /// All other members.
    pub further: Map<String, Value>,
}

/// A user as this dialect shows it.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Record {
    unique_id: String,
    data: Map<String, Value>,
    created_at: String,
    updated_at: String,
}

impl Query {
    /// Reads a query. Only the value `true` sets a flag.
    ///
    /// # Errors
    /// The query has too many fields.
    pub(super) fn read(query: Option<&str>) -> Result<Self, TooManyFields> {
        let fields = Fields::query(query)?;
        let set = |name| fields.pairs().any(|pair| pair == (name, "true"));
        let key = match fields.get("key") {
            Field::Absent | Field::Once("") => None,
            Field::Once(key) => Some(key.to_owned()),
            Field::Repeated => Some(NOTHING.to_owned()),
        };
        Ok(Self {
            key,
            login: set("login"),
            logout: set("logout"),
            data_only: set("dataOnly"),
            no_cookie: set("noATCookie"),
        })
    }
}

impl Credentials {
    /// Reads the body of a login or a registration.
    ///
    /// # Errors
    /// `Malformed`, unless the body is a JSON object with a password and one of username and email.
    pub(super) fn read(content_type: Option<&str>, body: &Bytes) -> Result<Self> {
        let essence = content_type.and_then(|text| text.split(';').next()).unwrap_or_default().trim();
        if !essence.eq_ignore_ascii_case("application/json") {
            return Err(Error::malformed("Content-Type", "Content-Type must be application/json"));
        }
        if body.is_empty() {
            return Err(Error::malformed("body", "The body is empty"));
        }
        let object = serde_json::from_slice(body);
        let mut further: Map<String, Value> =
            object.map_err(|_| Error::malformed("body", "The body is not a JSON object"))?;
        let identifier = match (take(&mut further, "username")?, take(&mut further, "email")?) {
            (Some(username), None) => Identifier::Username(username),
            (None, Some(email)) => Identifier::Email(email),
            (None, None) => return Err(Error::malformed("username", "username or email is missing")),
            (Some(_), Some(_)) => {
                return Err(Error::malformed("email", "username and email exclude each other"));
            }
        };
        let password = take(&mut further, "password")?;
        let password = password.ok_or_else(|| Error::malformed("password", "password is missing"))?;
        Ok(Self { identifier, password: Password::new(&password), further })
    }
}

/// The user that a registration creates. Other members are stored unchanged.
impl From<Credentials> for UserChange {
    fn from(new: Credentials) -> Self {
        let change = Self { password: Some(Some(new.password)), data: Some(new.further), ..Self::default() };
        match new.identifier {
            Identifier::Username(name) => Self { username: Some(Some(name)), ..change },
            Identifier::Email(address) => Self { email: Some(Some(address)), ..change },
            Identifier::Id(_) | Identifier::AccountNumber(_) => change,
        }
    }
}

/// Takes a string out of the object. An empty one counts as missing.
fn take(object: &mut Map<String, Value>, name: &'static str) -> Result<Option<String>> {
    match object.remove(name) {
        None => Ok(None),
        Some(Value::String(text)) => Ok(Some(text).filter(|text| !text.is_empty())),
        Some(_) => Err(Error::malformed(name, format!("{name} must be a string"))),
    }
}

/// The response with a user: the whole record, or its `data` alone.
pub(super) fn shown(user: &User, query: &Query) -> Response {
    let record = record(user);
    let text = if query.data_only { serde_json::to_vec(&record.data) } else { serde_json::to_vec(&record) };
    answer(StatusCode::OK, "application/json", text.unwrap_or_default())
}

fn record(user: &User) -> Record {
    Record {
        unique_id: user.id.to_string(),
        data: data(user),
        created_at: time(user.created_at),
        updated_at: time(user.updated_at),
    }
}

/// The members of the registration, without the password. Data that was set elsewhere cannot replace a name or show a
/// password.
fn data(user: &User) -> Map<String, Value> {
    let mut data = user.data.clone();
    data.remove("password");
    for (name, value) in [("username", &user.username), ("email", &user.email)] {
        match value {
            Some(text) => data.insert(name.to_owned(), Value::from(text.as_str())),
            None => data.remove(name),
        };
    }
    data
}

/// As `2020-12-27T10:58:45.000Z`.
fn time(at: Moment) -> String {
    utc_or_last(at).strftime("%Y-%m-%dT%H:%M:%S.%3fZ").to_string()
}

#[cfg(test)]
mod tests;
