//! The JSON on the wire. Ids are strings, times are RFC 3339 in UTC, lists are `{"items": […], "next": cursor}`.

use std::marker::PhantomData;

use bytes::Bytes;
use exeunt_core::{Moment, Verdict};
use http::StatusCode;
use http::header::CONTENT_TYPE;
use serde::de::{DeserializeOwned, DeserializeSeed};
use serde::{Deserialize, Deserializer, Serialize};
use serde_json::{Map, Value, json};

use super::error::{self, Refusal};
use super::mark::{by, mark};
use crate::app::App;
use crate::authority::list::Listed;
use crate::authority::{AuditEntry, Client, Key, Position, Realm, User};
use crate::error::{Error, Result};
use crate::http::user_agent::Device;
use crate::http::{Request, Response, answer};
use crate::mismatch::Words;
use crate::time::{GivenSecs, text};

/// The largest body of an import, in bytes.
pub(super) const BATCH_BYTES_MAX: usize = 4 << 20;

/// Reads a JSON object from the body of a request. The target types refuse unknown and repeated members.
///
/// # Errors
/// 415 unless the body is `application/json`, whatever its parameters (HTTP-04); `Malformed("body")`; 413, 408 or 400
/// if the body did not arrive completely.
pub(super) async fn object<T: DeserializeOwned>(request: &mut Request) -> Result<T, Refusal> {
    Ok(read(&body(request).await?)?)
}

/// The JSON body of a request, not yet parsed.
///
/// # Errors
/// As [`object`], without `Malformed`.
pub(super) async fn body(request: &mut Request) -> Result<Bytes, Refusal> {
    let body = request.body().await.map_err(|bare| error::of_body(&bare))?;
    key_must_still_hold(request)?;
    must_be_json(request, &body)?;
    Ok(body)
}

/// The JSON body of an import, not yet parsed: at most [`BATCH_BYTES_MAX`], or the limit of other bodies if that is
/// larger.
///
/// # Errors
/// As [`body`].
pub(super) async fn batch(request: &mut Request) -> Result<Bytes, Refusal> {
    let bytes_max = BATCH_BYTES_MAX.max(request.app.config.limits.body_bytes);
    let body = request.body_of_at_most(bytes_max).await.map_err(|bare| error::of_body(&bare))?;
    key_must_still_hold(request)?;
    must_be_json(request, &body)?;
    Ok(body)
}

/// A body may take seconds to arrive, and its key may be removed meanwhile.
fn key_must_still_hold(request: &Request) -> Result<()> {
    request.key.as_ref().map_or(Ok(()), |presented| request.app.authority.must_still_hold(presented))
}

fn must_be_json(request: &Request, body: &Bytes) -> Result<(), Refusal> {
    match request.header(&CONTENT_TYPE) {
        Some(text) if is_json(text) => {}
        None if body.is_empty() && !request.headers().has(&CONTENT_TYPE) => {}
        _ => return Err(error::unsupported_media_type().into()),
    }
    Ok(())
}

fn is_json(content_type: &str) -> bool {
    const JSON: &str = "application/json";
    content_type == JSON
        || content_type.split(';').next().unwrap_or_default().trim().eq_ignore_ascii_case(JSON)
}

/// Reads a JSON object.
///
/// # Errors
/// `Malformed("body")`.
pub(super) fn read<'a, T: Deserialize<'a>>(body: &'a [u8]) -> Result<T> {
    read_with(body, PhantomData)
}

/// Reads a JSON object with a reader of its own.
///
/// # Errors
/// `Malformed("body")`.
pub(super) fn read_with<'a, R: DeserializeSeed<'a>>(body: &'a [u8], reader: R) -> Result<R::Value> {
    // The parser would also accept an array, with the members' values in order.
    if body.trim_ascii_start().first() != Some(&b'{') {
        return Err(Error::malformed("body", "the body is not a JSON object"));
    }
    let mut from = serde_json::Deserializer::from_slice(body);
    let value = reader.deserialize(&mut from).and_then(|value| from.end().map(|()| value));
    value.map_err(|error| {
        Error::malformed("body", format!("the body is not valid: {}", without_values(&error)))
    })
}

/// How errors describe JSON.
const WORDS: Words = Words { map: "an object", shows_values: false };

/// The parser's message without the text that it found, which may be a secret in the wrong place.
pub(super) fn without_values(error: &serde_json::Error) -> String {
    let text = error.to_string();
    if !error.is_data() || text.starts_with("missing field") || text.starts_with("duplicate field") {
        return text;
    }
    if let Some(said) = WORDS.say(&text) {
        return said;
    }
    let what = text.find([':', '`', ',']).map_or("a wrong value", |end| text[..end].trim_end());
    let instead = text.rsplit_once("expected ").map_or("something else", |(_, instead)| instead);
    format!("{what}, expected {instead}")
}

/// Initial capacity, enough for most responses, in bytes.
const ANSWER_BYTES: usize = 512;

/// A JSON response.
pub(super) fn json(status: StatusCode, body: &impl Serialize) -> Response {
    let mut text = Vec::with_capacity(ANSWER_BYTES);
    match serde_json::to_writer(&mut text, body) {
        Ok(()) => answer(status, "application/json", text),
        Err(error) => error::render(&Error::internal(error)),
    }
}

/// A page of a list.
pub(super) fn page(items: Vec<Value>, next: Option<impl ToString>) -> Value {
    let next = next.map_or(Value::Null, |next| next.to_string().into());
    Value::Object(Map::from_iter([("items".to_owned(), Value::Array(items)), ("next".to_owned(), next)]))
}

/// One parameter of the query. It occurs at most once: that was checked before the call began.
pub(super) fn parameter(request: &Request, name: &str) -> Option<String> {
    let query = request.query()?.as_bytes();
    form_urlencoded::parse(query).find(|(key, _)| key == name).map(|(_, value)| value.into_owned())
}

/// A flag of the query, off if it is absent.
///
/// # Errors
/// `Malformed(name)` for anything but `1`, `true`, `0` and `false`: a `dry_run=yes` must not end anything.
pub(super) fn switch(request: &Request, name: &'static str) -> Result<bool> {
    match parameter(request, name).as_deref() {
        None | Some("0" | "false") => Ok(false),
        Some("1" | "true") => Ok(true),
        Some(_) => Err(Error::malformed(name, format!("{name} has an unknown value; expected 1 or 0"))),
    }
}

/// A parsed parameter of the query.
///
/// # Errors
/// `Malformed(name)`.
pub(super) fn parsed<T: std::str::FromStr>(request: &Request, name: &'static str) -> Result<Option<T>> {
    let Some(text) = parameter(request, name) else { return Ok(None) };
    text.parse().map(Some).map_err(|_| {
        Error::malformed(name, format!("{name} cannot be read; /v1/openapi.json describes its form"))
    })
}

/// The id in the path.
///
/// # Errors
/// `NotFound`, for an invalid id too.
pub(super) fn id<T: std::str::FromStr>(request: &Request, noun: &str) -> Result<T> {
    request.segment(0).unwrap_or_default().parse().map_err(|_| Error::not_found(noun))
}

/// The idle and the absolute limit of sessions in seconds, if given.
///
/// # Errors
/// `Malformed("idle_secs")`, `Malformed("absolute_secs")`.
pub(super) fn lifetimes(
    idle: Option<&GivenSecs>,
    absolute: Option<&GivenSecs>,
) -> Result<(Option<u32>, Option<u32>)> {
    let idle = idle.map(|secs| secs.read("idle_secs")).transpose()?;
    Ok((idle, absolute.map(|secs| secs.read("absolute_secs")).transpose()?))
}

/// A member that may be absent (unchanged), `null` (removed) or a value.
pub(super) fn change<'de, D: Deserializer<'de>, T: Deserialize<'de>>(
    from: D,
) -> Result<Option<Option<T>>, D::Error> {
    Option::<T>::deserialize(from).map(Some)
}

pub(super) fn time(at: Moment) -> Value {
    text::utc(at).map_or(Value::Null, |time| Value::String(time.to_string()))
}

pub(super) fn user(user: &User) -> Value {
    json!({
        "id": user.id.to_string(),
        "number": user.number,
        "username": user.username,
        "email": user.email,
        "account_number": user.account_number,
        "first_name": user.first_name,
        "last_name": user.last_name,
        "data": user.data,
        "disabled": user.disabled,
        "created_at": time(user.created_at),
        "updated_at": time(user.updated_at),
    })
}

/// A client as it is shown, with the members of its dialect.
pub(super) fn client(app: &App, client: &Client) -> Map<String, Value> {
    let shape = json!({
        "id": client.id.to_string(),
        "name": client.name,
        "dialect": client.dialect.name(),
        "builtin": client.builtin,
        "idle_secs": client.idle_secs,
        "absolute_secs": client.absolute_secs,
        "max_sessions": client.sessions_max,
        "created_at": time(client.created_at),
        "updated_at": time(client.updated_at),
    });
    let own = app.client_settings(client.dialect).map(|dialect| (dialect.show)(&client.settings));
    let shape = if let Value::Object(shape) = shape { shape } else { Map::new() };
    shape.into_iter().chain(own.into_iter().flatten()).collect()
}

pub(super) fn session(listed: &Listed) -> Value {
    let (record, session) = (&listed.record, &listed.record.session);
    let device = record.user_agent.as_deref().map(Device::of);
    json!({
        "id": session.id.to_string(),
        "user": session.user().map(|id| id.to_string()),
        "client": session.client().map(|id| id.to_string()),
        "dialect": record.dialect.name(),
        "verdict": verdict(listed.verdict),
        "issued_at": time(session.issued_at),
        "last_seen_at": time(listed.seen),
        "expires_at": session.deadline(listed.seen).map(time),
        "address": record.from,
        "user_agent": record.user_agent,
        "device": device.map(|device| device.to_string()),
        "ended_by": listed.ended_by.as_ref().map(mark),
    })
}

pub(super) const fn verdict(verdict: Verdict) -> &'static str {
    match verdict {
        Verdict::Alive => "alive",
        Verdict::Expired => "expired",
        Verdict::Ended(_) => "ended",
    }
}

pub(super) fn entry(entry: &AuditEntry) -> Value {
    json!({
        "what": entry.what,
        "subject": entry.subject,
        "realm": entry.realm.map(|id| id.to_string()),
        "by": by(entry.by),
        "via": entry.via.name(),
        "from": entry.from,
        "when": time(entry.when),
    })
}

pub(super) fn key(key: &Key) -> Value {
    json!({
        "id": key.id.to_string(),
        "name": key.name,
        "role": key.role.word(),
        "realm": key.realm.map(|id| id.to_string()),
        "created_at": time(key.created_at),
    })
}

pub(super) fn realm(realm: &Realm) -> Value {
    json!({
        "id": realm.id.to_string(),
        "name": realm.name,
        "usernames": realm.usernames.word(),
        "created_at": time(realm.created_at),
    })
}

/// A position as text: the incarnation of the store, and the stamp.
pub(super) fn position(position: Position) -> String {
    format!("{}.{}", position.incarnation, position.stamp)
}
