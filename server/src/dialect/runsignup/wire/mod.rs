//! The responses on the wire, each in three formats.

use serde::Serialize;

use super::PathPrefix;
use super::error::Code;
use crate::authority::User;
use crate::dialect::csv::table;
use crate::dialect::xml::Element;
use crate::http::form::{Field, Fields};

/// The format of a response.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Format {
    /// The default.
    Xml,
    /// Preferred by the documents.
    Json,
    /// A header row and a row of values.
    Csv,
}

/// The result of a successful call. It has no `Debug`, since it holds secrets.
pub(super) enum Outcome {
    /// A session was opened.
    LoggedIn(LoggedIn),
    /// The session was ended.
    LoggedOut,
    /// The user of the session.
    User(Profile),
}

/// A new session.
#[derive(Serialize)]
pub(super) struct LoggedIn {
    /// The first half of the credential.
    pub tmp_key: String,
    /// The second half.
    pub tmp_secret: String,
    /// Nested twice in JSON, as shipped clients expect it.
    pub user: Nested,
}

/// The user in an object of its own.
#[derive(Serialize)]
pub(super) struct Nested {
    pub user: Profile,
}

/// The fields of a user.
#[derive(Serialize)]
pub(super) struct Profile {
    user_id: u64,
    first_name: String,
    last_name: String,
    email: String,
}

#[derive(Serialize)]
struct Shown<'a> {
    user: &'a Profile,
}

#[derive(Serialize)]
struct Success {
    success: &'static str,
}

#[derive(Serialize)]
struct Failure<T> {
    error: T,
}

#[derive(Serialize)]
struct Numbered {
    error_code: u8,
    error_msg: &'static str,
}

/// How the documents write "yes".
const YES: &str = "T";

impl Format {
    /// The format that the query names, or else the body.
    pub(super) fn asked(query: &Fields, body: &Fields) -> Result<Self, Code> {
        let word = match parameter(query.get("format"))? {
            Some(word) => Some(word),
            None => parameter(body.get("format"))?,
        };
        match word.map(str::to_ascii_lowercase).as_deref() {
            None | Some("xml") => Ok(Self::Xml),
            Some("json") => Ok(Self::Json),
            Some("csv") => Ok(Self::Csv),
            Some(_) => Err(Code::FormatNotSupported),
        }
    }

    /// The content type of this format.
    pub(super) const fn content_type(self) -> &'static str {
        match self {
            Self::Xml => "application/xml; charset=utf-8",
            Self::Json => "application/json",
            Self::Csv => "text/csv; charset=utf-8",
        }
    }
}

/// The value of one parameter. An empty one counts as absent; a repeated one is ambiguous, so it is an error.
pub(super) fn parameter(field: Field<'_>) -> Result<Option<&str>, Code> {
    match field {
        Field::Repeated => Err(Code::InvalidParameters),
        Field::Absent | Field::Once(_) => Ok(field.filled()),
    }
}

/// The body of a success.
pub(super) fn success(outcome: &Outcome, format: Format) -> String {
    match (outcome, format) {
        (Outcome::LoggedIn(session), Format::Xml) => session.xml().compact(),
        (Outcome::LoggedIn(session), Format::Json) => json(session),
        (Outcome::LoggedIn(session), Format::Csv) => session.csv(),
        (Outcome::LoggedOut, Format::Xml) => response("success", YES),
        (Outcome::LoggedOut, Format::Json) => json(&Success { success: YES }),
        (Outcome::LoggedOut, Format::Csv) => table(["success"], [YES]),
        (Outcome::User(user), Format::Xml) => user.xml().compact(),
        (Outcome::User(user), Format::Json) => json(&Shown { user }),
        (Outcome::User(user), Format::Csv) => user.csv(),
    }
}

/// The body of an error: with its number under `/rest/`, without it under `/API/`.
pub(super) fn failure(code: Code, entrance: PathPrefix, format: Format) -> String {
    let (number, message) = (code.number(), code.message());
    match (entrance, format) {
        (PathPrefix::Rest, Format::Xml) => Element::new("error")
            .child(Element::text("error_code", number.to_string()))
            .child(Element::text("error_msg", message))
            .compact(),
        (PathPrefix::Rest, Format::Json) => {
            json(&Failure { error: Numbered { error_code: number, error_msg: message } })
        }
        (PathPrefix::Rest, Format::Csv) => table(["error_code", "error_msg"], [&number.to_string(), message]),
        (PathPrefix::Api, Format::Xml) => response("error", message),
        (PathPrefix::Api, Format::Json) => json(&Failure { error: message }),
        (PathPrefix::Api, Format::Csv) => table(["error"], [message]),
    }
}

impl From<User> for Profile {
    fn from(user: User) -> Self {
        Self {
            user_id: user.number,
            first_name: user.first_name,
            last_name: user.last_name,
            email: user.email.unwrap_or_default(),
        }
    }
}

impl LoggedIn {
    fn xml(&self) -> Element<'_> {
        Element::new("login")
            .child(Element::text("tmp_key", &*self.tmp_key))
            .child(Element::text("tmp_secret", &*self.tmp_secret))
            .child(self.user.user.xml())
    }

    fn csv(&self) -> String {
        let user = &self.user.user;
        table(
            ["tmp_key", "tmp_secret", "user_id", "first_name", "last_name", "email"],
            [
                &self.tmp_key,
                &self.tmp_secret,
                &user.user_id.to_string(),
                &user.first_name,
                &user.last_name,
                &user.email,
            ],
        )
    }
}

impl Profile {
    fn xml(&self) -> Element<'_> {
        Element::new("user")
            .child(Element::text("user_id", self.user_id.to_string()))
            .child(Element::text("first_name", &*self.first_name))
            .child(Element::text("last_name", &*self.last_name))
            .child(Element::text("email", &*self.email))
    }

    fn csv(&self) -> String {
        table(
            ["user_id", "first_name", "last_name", "email"],
            [&self.user_id.to_string(), &self.first_name, &self.last_name, &self.email],
        )
    }
}

fn response(name: &'static str, text: &str) -> String {
    Element::new("response").child(Element::text(name, text)).compact()
}

/// Serializing plain structures of text and numbers does not fail.
fn json(value: &impl Serialize) -> String {
    serde_json::to_string(value).unwrap_or_default()
}

#[cfg(test)]
mod tests;
