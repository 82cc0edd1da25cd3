//! The body that creates or changes a client. Some members are of every client; the others are of one dialect, which
//! says what they are.

use std::fmt;

use exeunt_core::DialectName;
use serde::de::{DeserializeSeed, Deserializer, Error as _, MapAccess, Visitor};
use serde_json::value::RawValue;

use super::{NAME, wire};
use crate::app::App;
use crate::authority::client::settings::{ClientSettings, Members, NewSecret};
use crate::authority::{Call, Client, Settings};
use crate::error::{Error, Result};
use crate::time::GivenSecs;

/// The members that every client has, before those of the dialects.
const COMMON: [&str; 5] = ["name", "dialect", "idle_secs", "absolute_secs", "max_sessions"];
/// Gives a client a new secret, and ends its sessions.
const ROTATE: &str = "rotate_secret";

/// What a create or change says.
#[derive(Default)]
pub(super) struct ClientBody {
    pub(super) name: Option<String>,
    pub(super) dialect: Option<String>,
    idle_secs: Option<GivenSecs>,
    absolute_secs: Option<GivenSecs>,
    pub(super) max_sessions: Option<u32>,
    rotate_secret: bool,
    /// The members of a dialect.
    own: Members,
}

/// The settings that a body makes, and what is shown only once.
pub(super) struct Made {
    /// `None`: they stay as they are.
    pub(super) settings: Option<Settings>,
    /// There was a secret before, which is worthless now.
    pub(super) secret_replaced: bool,
    pub(super) shown: Members,
}

impl ClientBody {
    /// Reads a body. Members that no dialect has, repeated members and wrong types are refused.
    ///
    /// # Errors
    /// `Malformed("body")`.
    pub(super) fn read(app: &App, body: &[u8]) -> Result<Self> {
        wire::read_with(body, Reader { app, body })
    }

    /// The idle and the absolute limit, in seconds.
    pub(super) fn lifetimes(&self) -> Result<(Option<u32>, Option<u32>)> {
        wire::lifetimes(self.idle_secs.as_ref(), self.absolute_secs.as_ref())
    }

    pub(super) fn dialect(&self) -> DialectName {
        self.dialect.as_deref().map_or(NAME, DialectName::new)
    }

    /// The settings of a new client (`before` is `None`) or a changed one. A member that is not given stays as it was,
    /// or has its default.
    pub(super) fn settings(&self, app: &App, call: &Call, before: Option<&Client>) -> Result<Made> {
        let name = before.map_or_else(|| self.dialect(), |client| client.dialect);
        let kept = before.map(|client| &client.settings);
        let dialect = app.client_settings(name);
        must_be_own(app, dialect, &self.own)?;
        if self.rotate_secret || kept.is_none() {
            let made = dialect.map_or(Ok(None), |dialect| (dialect.new_secret)(&call.mint, kept))?;
            if let Some(NewSecret { settings, shown }) = made {
                return Ok(Made { settings: Some(settings), secret_replaced: kept.is_some(), shown });
            }
        }
        if self.rotate_secret {
            return Err(Error::malformed(ROTATE, "this client has no secret; leave rotate_secret out"));
        }
        let settings = match (dialect, kept) {
            (_, Some(_)) if self.own.is_empty() => None,
            (Some(dialect), _) => Some((dialect.validate)(&call.mint, kept, self.own.clone())?),
            (None, _) => return Err(Error::malformed("dialect", makers(app))),
        };
        Ok(Made { settings, secret_replaced: false, shown: Members::new() })
    }
}

/// Refuses members of another dialect.
fn must_be_own(app: &App, dialect: Option<&ClientSettings>, given: &Members) -> Result<()> {
    let is_own = |name: &str| dialect.is_some_and(|dialect| dialect.members.contains(&name));
    let Some(foreign) = given.keys().find(|name| !is_own(name)) else { return Ok(()) };
    let owner = app.client_settings.iter().find(|(_, owner)| owner.members.contains(&&**foreign));
    let (name, owner) = owner.ok_or_else(|| Error::internal("a member of no dialect"))?;
    Err(Error::malformed(
        "dialect",
        format!("{} are only for clients of {}; leave them out", listed(owner.members, "and"), name.name()),
    ))
}

/// The error for a dialect that makes no clients.
fn makers(app: &App) -> String {
    let names: Vec<_> = app.client_settings.iter().map(|(name, _)| name.name()).collect();
    format!("unknown dialect; expected {}", listed(&names, "or"))
}

/// A list in words: "a, b and c".
fn listed(names: &[&str], last: &str) -> String {
    match names {
        [before @ .., end] if !before.is_empty() => format!("{} {last} {end}", before.join(", ")),
        _ => names.concat(),
    }
}

/// Reads a body with the members that the dialects of the app have.
struct Reader<'a> {
    app: &'a App,
    body: &'a [u8],
}

impl Reader<'_> {
    /// Every member of some dialect, with its dialect.
    fn own(&self) -> impl Iterator<Item = (&'static str, &'static ClientSettings)> {
        let dialects = self.app.client_settings.iter().map(|(_, dialect)| *dialect);
        dialects.flat_map(|dialect| dialect.members.iter().map(move |member| (*member, dialect)))
    }

    fn expected(&self) -> String {
        let all = COMMON.into_iter().chain(self.own().map(|(member, _)| member)).chain([ROTATE]);
        all.map(|member| format!("`{member}`")).collect::<Vec<_>>().join(", ")
    }

    /// The parser's message about a member, with the place in the whole body instead of the place in the member.
    fn placed(&self, error: &serde_json::Error, member: &str) -> String {
        let before = member.as_ptr().addr().saturating_sub(self.body.as_ptr().addr());
        let before = self.body.get(..before).unwrap_or_default();
        let line_start = before.iter().rposition(|byte| *byte == b'\n').map_or(0, |at| at + 1);
        let line = before.iter().filter(|byte| **byte == b'\n').count() + error.line();
        let indent = if error.line() == 1 { before.len() - line_start } else { 0 };
        let text = error.to_string();
        let text = text.rsplit_once(" at line ").map_or(&*text, |(text, _)| text);
        format!("{text} at line {line} column {}", indent + error.column())
    }
}

impl<'de> DeserializeSeed<'de> for Reader<'_> {
    type Value = ClientBody;

    fn deserialize<D: Deserializer<'de>>(self, from: D) -> Result<ClientBody, D::Error> {
        from.deserialize_map(self)
    }
}

impl<'de> Visitor<'de> for Reader<'_> {
    type Value = ClientBody;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a client")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<ClientBody, A::Error> {
        let (mut body, mut there) = (ClientBody::default(), Vec::new());
        while let Some(member) = map.next_key::<String>()? {
            if there.contains(&member) {
                return Err(A::Error::custom(format_args!("duplicate field `{member}`")));
            }
            match &*member {
                "name" => body.name = map.next_value()?,
                "dialect" => body.dialect = map.next_value()?,
                "idle_secs" => body.idle_secs = map.next_value()?,
                "absolute_secs" => body.absolute_secs = map.next_value()?,
                "max_sessions" => body.max_sessions = map.next_value()?,
                ROTATE => body.rotate_secret = map.next_value()?,
                name => {
                    let Some((name, dialect)) = self.own().find(|(own, _)| *own == name) else {
                        let expected = self.expected();
                        let text = format_args!("unknown field `{member}`, expected one of {expected}");
                        return Err(A::Error::custom(text));
                    };
                    let json = map.next_value::<&RawValue>()?.get();
                    (dialect.check_type)(name, json)
                        .map_err(|it| A::Error::custom(self.placed(&it, json)))?;
                    let value: serde_json::Value = serde_json::from_str(json).map_err(A::Error::custom)?;
                    if !value.is_null() {
                        body.own.insert(name.to_owned(), value);
                    }
                }
            }
            there.push(member);
        }
        Ok(body)
    }
}
