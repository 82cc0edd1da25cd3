//! The shapes on the wire. Ids are strings, times are RFC 3339 in UTC, lists are `{"items": […], "next": cursor}`.

use std::fmt::Display;
use std::net::IpAddr;

use exeunt_core::{By, Mark, Moment, RealmId, UserId, Verdict};
use http::StatusCode;
use serde::{Deserialize, Deserializer, Serialize, Serializer};
use serde_json::{Value, json};

use crate::authority::end::{Confirmed, Ending};
use crate::authority::list::Listed;
use crate::authority::{AuditEntry, Client, Key, Position, Realm, Settings, User};
use crate::device::Device;
use crate::error::{Error, Result};
use crate::exchange::{Exchange, Response, answer};

/// Reads a JSON object from a body. Unknown and repeated members are refused by the types that are read.
///
/// # Errors
/// `Malformed("body")`, with what the parser says.
pub(super) fn read<'a, T: Deserialize<'a>>(body: &'a [u8]) -> Result<T> {
    serde_json::from_slice(body)
        .map_err(|error| Error::malformed("body", format!("the body is not as documented: {error}")))
}

/// Room for most answers, in bytes.
const ANSWER_BYTES: usize = 512;

/// An answer in JSON.
pub(super) fn json(status: StatusCode, body: &impl Serialize) -> Response {
    let mut text = Vec::with_capacity(ANSWER_BYTES);
    match serde_json::to_writer(&mut text, body) {
        Ok(()) => answer(status, "application/json", text),
        Err(error) => super::error::render(&Error::internal(error)),
    }
}

/// JSON for a stream.
pub(super) fn text(shape: &impl Serialize) -> String {
    // Shapes have only strings for keys: writing them does not fail.
    serde_json::to_string(shape).unwrap_or_default()
}

/// A value that is written as the text that it displays.
pub(super) struct Text<T>(pub T);

impl<T: Display> Serialize for Text<T> {
    fn serialize<S: Serializer>(&self, to: S) -> std::result::Result<S::Ok, S::Error> {
        to.collect_str(&self.0)
    }
}

/// A page of a list.
pub(super) fn page(items: Vec<Value>, next: Option<impl ToString>) -> Value {
    json!({ "items": items, "next": next.map(|next| next.to_string()) })
}

/// One parameter of the query. Repeated: the first counts, as nothing here ends anything twice.
pub(super) fn parameter(x: &Exchange, name: &str) -> Option<String> {
    let query = x.query()?.as_bytes();
    form_urlencoded::parse(query).find(|(key, _)| key == name).map(|(_, value)| value.into_owned())
}

/// A switch of the query: `1` or `true`.
pub(super) fn switch(x: &Exchange, name: &str) -> bool {
    parameter(x, name).is_some_and(|value| value == "1" || value == "true")
}

/// A parameter of the query that is written as text.
///
/// # Errors
/// `Malformed(name)`.
pub(super) fn parsed<T: std::str::FromStr>(x: &Exchange, name: &'static str) -> Result<Option<T>> {
    let Some(text) = parameter(x, name) else { return Ok(None) };
    text.parse().map(Some).map_err(|_| Error::malformed(name, format!("{name} is not as documented")))
}

/// The id in the path: its third segment.
///
/// # Errors
/// `NotFound`: a text that is no id names nothing.
pub(super) fn id<T: std::str::FromStr>(x: &Exchange, noun: &str) -> Result<T> {
    let segment = x.path().split('/').nth(3).unwrap_or_default();
    segment.parse().map_err(|_| Error::not_found(noun))
}

/// A member that may be absent (unchanged), `null` (taken away) or a value.
pub(super) fn change<'de, D: Deserializer<'de>, T: Deserialize<'de>>(
    from: D,
) -> Result<Option<Option<T>>, D::Error> {
    Option::<T>::deserialize(from).map(Some)
}

pub(super) fn time(at: Moment) -> Value {
    instant(at).map_or(Value::Null, |time| Value::String(time.to_string()))
}

/// A time that can be written; `None` beyond the year 9999.
pub(super) fn instant(at: Moment) -> Option<jiff::Timestamp> {
    jiff::Timestamp::from_millisecond(i64::try_from(at.millis()).unwrap_or(i64::MAX)).ok()
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

pub(super) fn client(client: &Client) -> Value {
    let mut shape = json!({
        "id": client.id.to_string(),
        "name": client.name,
        "dialect": client.door.name(),
        "builtin": client.builtin,
        "idle_secs": client.idle_secs,
        "absolute_secs": client.absolute_secs,
        "max_sessions": client.sessions_max,
        "created_at": time(client.created_at),
        "updated_at": time(client.updated_at),
    });
    if let (Settings::Project { key, allowed_origins, require_origin, endpoints }, Value::Object(shape)) =
        (&client.settings, &mut shape)
    {
        shape.insert("key".to_owned(), json!(key));
        shape.insert("allowed_origins".to_owned(), json!(allowed_origins));
        shape.insert("require_origin".to_owned(), json!(require_origin));
        shape.insert("endpoints".to_owned(), json!(endpoints));
    }
    shape
}

pub(super) fn session(listed: &Listed) -> Value {
    let (record, session) = (&listed.record, &listed.record.session);
    let device = record.user_agent.as_deref().map(Device::of);
    json!({
        "id": session.id.to_string(),
        "user": session.user().map(|id| id.to_string()),
        "client": session.client().map(|id| id.to_string()),
        "dialect": record.door.name(),
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

/// A mark. Like what a logout is answered with, it is written out without a tree in between; members stand in the
/// order of the alphabet, as in a tree.
#[derive(Serialize)]
pub(super) struct MarkShape<'a> {
    anchor: Named,
    by: Named,
    from: Option<IpAddr>,
    realm: Text<RealmId>,
    stamp: u64,
    via: &'a str,
    when: Option<Text<jiff::Timestamp>>,
    why: &'static str,
}

/// Something that has an id, and what it is.
#[derive(Serialize)]
pub(super) struct Named {
    id: Option<Text<UserId>>,
    kind: &'static str,
}

/// What a logout came to.
#[derive(Serialize)]
pub(super) struct EndingShape<'a> {
    confirmed: ConfirmedShape,
    found_alive: bool,
    mark: MarkShape<'a>,
    stamp: u64,
}

#[derive(Serialize)]
struct ConfirmedShape {
    applied: bool,
    durable: bool,
    followers: u32,
}

pub(super) fn mark(mark: &Mark) -> MarkShape<'_> {
    MarkShape {
        anchor: named(mark.anchor.kind(), Some(mark.anchor.id())),
        by: by(mark.by),
        from: mark.from,
        realm: Text(mark.realm),
        stamp: mark.at.number(),
        via: mark.via.name(),
        when: instant(mark.when).map(Text),
        why: mark.why.word(),
    }
}

pub(super) const fn by(by: By) -> Named {
    match by {
        By::System => named("system", None),
        By::User(id) => named("user", Some(id.0)),
        By::Client(id) => named("client", Some(id.0)),
        By::Key(id) => named("key", Some(id.0)),
    }
}

/// All ids are written alike.
const fn named(kind: &'static str, id: Option<[u8; 16]>) -> Named {
    let id = match id {
        Some(id) => Some(Text(UserId(id))),
        None => None,
    };
    Named { id, kind }
}

pub(super) fn ending(ending: &Ending) -> EndingShape<'_> {
    let Confirmed { durable, applied, followers } = ending.confirmed;
    EndingShape {
        confirmed: ConfirmedShape { applied, durable, followers },
        found_alive: ending.found_alive,
        mark: mark(&ending.mark),
        stamp: ending.mark.at.number(),
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
    json!({ "id": realm.id.to_string(), "name": realm.name, "created_at": time(realm.created_at) })
}

/// A position as text: of which life of the store, and how far.
pub(super) fn position(position: Position) -> String {
    format!("{}.{}", position.incarnation, position.stamp)
}
