//! Finds users and clients by what the user typed: an id, or a name, e-mail address or account number.

use serde_json::Value;

use super::exit::{Exit, Failure, Outcome};
use super::remote::{Remote, with_query};

/// Hexadecimal digits of an id.
const ID_DIGITS: usize = 32;
/// How a user can be named, for the help.
pub(super) const USER: &str = "Its id, username or email; or id:…, username:…, email:… or account:…";
/// How a client can be named, for the help.
pub(super) const CLIENT: &str = "Its id or name; or id:… or name:…";

/// A user or client that was found.
pub(super) struct Named {
    /// Its id.
    pub id: String,
    /// What the user typed, for messages.
    pub name: String,
}

/// Finds a user.
///
/// # Errors
/// `NotFound`; `Usage` if two users match; the server's.
pub(super) async fn user(remote: &mut Remote, text: &str) -> Outcome<Value> {
    if let Some(id) = as_id(text)? {
        return remote.get(&format!("/v1/users/{id}")).await;
    }
    let found = match text.split_once(':') {
        Some(("username", name)) => by(remote, "/v1/users", "username", name).await?,
        Some(("email", email)) => by(remote, "/v1/users", "email", email).await?,
        Some(("account", number)) => by(remote, "/v1/users", "account_number", number).await?,
        _ => by_name_or_email(remote, text).await?,
    };
    found.ok_or_else(|| Failure::new(Exit::NotFound, format!("there is no user {text}")))
}

/// Finds the id of a user. An id is not looked up: a key that may only end sessions may not look up users.
///
/// # Errors
/// As [`user`].
pub(super) async fn user_id(remote: &mut Remote, text: &str) -> Outcome<Named> {
    match as_id(text)? {
        Some(id) => Ok(Named { id: id.to_owned(), name: text.to_owned() }),
        None => named(text, &user(remote, text).await.map_err(give_the_id)?),
    }
}

/// Finds a client.
///
/// # Errors
/// `NotFound`; the server's.
pub(super) async fn client(remote: &mut Remote, text: &str) -> Outcome<Value> {
    if let Some(id) = as_id(text)? {
        return remote.get(&format!("/v1/clients/{id}")).await;
    }
    let name = text.strip_prefix("name:").unwrap_or(text);
    let found = by(remote, "/v1/clients", "name", name).await?;
    found.ok_or_else(|| Failure::new(Exit::NotFound, format!("there is no client {name}")))
}

/// Finds the id of a client, as [`user_id`] does.
///
/// # Errors
/// As [`client`].
pub(super) async fn client_id(remote: &mut Remote, text: &str) -> Outcome<Named> {
    match as_id(text)? {
        Some(id) => Ok(Named { id: id.to_owned(), name: text.to_owned() }),
        None => named(text, &client(remote, text).await.map_err(give_the_id)?),
    }
}

/// Parses an id, for a path.
///
/// # Errors
/// A message, if it is not an id.
pub(super) fn id(text: &str) -> Result<String, String> {
    if is_id(text) {
        Ok(text.to_owned())
    } else {
        Err(format!("this is not an id; expected {ID_DIGITS} hexadecimal digits"))
    }
}

fn as_id(text: &str) -> Outcome<Option<&str>> {
    match text.strip_prefix("id:") {
        Some(rest) => id(rest).map(|_| Some(rest)).map_err(Failure::usage),
        None => Ok(is_id(text).then_some(text)),
    }
}

fn is_id(text: &str) -> bool {
    text.len() == ID_DIGITS && text.bytes().all(|byte| byte.is_ascii_hexdigit())
}

async fn by_name_or_email(remote: &mut Remote, text: &str) -> Outcome<Option<Value>> {
    let named = by(remote, "/v1/users", "username", text).await?;
    if !text.contains('@') {
        return Ok(named);
    }
    match (named, by(remote, "/v1/users", "email", text).await?) {
        (Some(named), Some(mailed)) if named["id"] != mailed["id"] => Err(Failure::usage(format!(
            "{text} is the username of one user and the email of another; use username:{text} or email:{text}"
        ))),
        (named, mailed) => Ok(named.or(mailed)),
    }
}

/// Asks the server for the one whose `field` is `value`.
async fn by(remote: &mut Remote, list: &str, field: &str, value: &str) -> Outcome<Option<Value>> {
    let (items, _) = remote.page(&with_query(list, [(field, value)])).await?;
    Ok(items.into_iter().next())
}

fn named(text: &str, found: &Value) -> Outcome<Named> {
    let id = found["id"].as_str().filter(|id| is_id(id));
    let id = id.ok_or_else(|| {
        Failure::new(Exit::Failed, "the server's response has no id; is it of this version?")
    })?;
    Ok(Named { id: id.to_owned(), name: text.to_owned() })
}

fn give_the_id(failure: Failure) -> Failure {
    match failure.exit {
        Exit::Refused => {
            Failure::new(Exit::Refused, format!("{failure}; give the id instead, which needs no look-up"))
        }
        _ => failure,
    }
}
