//! What an application's call says in its query and its form, read as *any* application might read it.
//!
//! The gate and the application read the same bytes with different programs: one takes the first of two fields and the
//! other the last, one splits at `;` too, one takes `session.key` for `session_key` (PHP), one compares names without
//! case (ASP.NET), one looks at the first boundary that a content type names and another at the last. Whatever is read
//! in two ways could be a live credential for the gate and a dead one for the application. So only what every reader
//! reads alike is a value here; what some reader might take for a wanted field makes the whole call *unclear*, and each
//! dialect refuses that in its own words. Of fields that nobody asks about there can be any number, of any kind.

mod content_type;
mod multipart;
mod name;
mod parameters;

use bytes::Bytes;
use http::HeaderName;
use http::header::CONTENT_ENCODING;
use percent_encoding::percent_decode;

use self::content_type::FormKind;
use self::name::{Likeness, likeness};
use crate::http::NOTHING;
use crate::http::Request;
use crate::http::form::{Field, Fields};
use crate::http::headers::Headers;

/// The header that a gateway of a user copies a form's field into, instead of handing the form on. What is in it is up
/// to the dialect; one line for each time that the field is there.
pub static CREDENTIAL: HeaderName = HeaderName::from_static("exeunt-credential");

/// The body of an application's call, as far as a gateway hands it on.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Form {
    /// The gateway does not hand it on.
    Unseen,
    /// As it came.
    Seen(Bytes),
    /// What the gateway handed on is not all of it.
    Cut,
}

/// Fields to be read.
#[derive(Clone, Copy)]
pub struct Wanted {
    /// Parts of credentials: what only some readers take for one makes a call unclear.
    pub credentials: &'static [&'static str],
    /// Others, by their exact names. Nothing depends on how the application reads them.
    pub others: &'static [&'static str],
}

/// What a call says of the fields that were asked about.
pub struct Said {
    /// In its query.
    pub query: Fields,
    /// In its form.
    pub form: Fields,
    /// Why readers might differ, for the log.
    pub unclear: Option<&'static str>,
}

/// Occurrences of one field that are kept: two are as good as more.
const KEPT: usize = 2;

impl Said {
    /// Reads these fields of a call.
    pub fn read(request: &Request, form: &Form, names: &Wanted) -> Self {
        Self::of(request.query().unwrap_or_default(), request.headers(), form, names)
    }

    /// Reads these fields of a query and a form, whose type is in the headers.
    pub fn of(query: &str, headers: &Headers, form: &Form, names: &Wanted) -> Self {
        let (mut said, mut posted) = (Collected::of(*names), Collected::of(*names));
        said.urlencoded(query.as_bytes());
        posted.form(headers, form);
        let unclear = said.unclear.or(posted.unclear);
        Self { query: Fields::given(said.pairs), form: Fields::given(posted.pairs), unclear }
    }
}

/// The values of the header that a form's field was copied into.
pub fn copied(headers: &Headers) -> impl Iterator<Item = String> {
    headers.all(&CREDENTIAL).map(|value| String::from_utf8_lossy(value).into_owned())
}

/// One value that is said in several places, each time alike. An empty one says nothing.
pub fn agreed<'a>(places: impl IntoIterator<Item = Field<'a>>) -> Field<'a> {
    let mut agreed = Field::Absent;
    for place in places {
        match (agreed, place) {
            (_, Field::Absent | Field::Once("")) => {}
            (Field::Absent, place) => agreed = place,
            (Field::Once(one), Field::Once(other)) if one == other => {}
            _ => return Field::Repeated,
        }
    }
    agreed
}

/// The form that a gateway handed on in the query of its question: `body`, and `length`, the length of the body that the
/// caller announced.
pub fn handed_on(query: &str) -> Form {
    let mut values = ["body", "length"].map(|wanted| {
        let mut found =
            query.split('&').filter_map(|pair| pair.split_once('=')).filter(|(name, _)| *name == wanted);
        found.next().filter(|_| found.next().is_none()).map(|(_, value)| decoded(value.as_bytes()))
    });
    let [body, length] = &mut values;
    let announced = length.take().and_then(|length| std::str::from_utf8(&length).ok()?.parse::<usize>().ok());
    match body.take() {
        Some(body) if announced == Some(body.len()) => Form::Seen(Bytes::from(body)),
        _ => Form::Cut,
    }
}

/// Wanted fields, as they are found.
struct Collected {
    wanted: Wanted,
    pairs: Vec<(String, String)>,
    unclear: Option<&'static str>,
}

impl Collected {
    const fn of(wanted: Wanted) -> Self {
        Self { wanted, pairs: Vec::new(), unclear: None }
    }

    fn unclear(&mut self, why: &'static str) {
        self.unclear.get_or_insert(why);
    }

    fn found(&mut self, name: &str, value: String) {
        if self.pairs.iter().filter(|(other, _)| other == name).count() < KEPT {
            self.pairs.push((name.to_owned(), value));
        }
    }

    fn form(&mut self, headers: &Headers, form: &Form) {
        let kind = FormKind::of(headers);
        let is_form = kind != Ok(Some(FormKind::Other));
        match form {
            Form::Cut => self.unclear("the form that the gateway hands on is not all of it"),
            // Users copied fields before forms were handed on: what they copied is all that is to be seen. And a call
            // without a type may have no body at all.
            Form::Unseen if headers.has(&CREDENTIAL) || kind == Ok(None) => {}
            Form::Unseen if is_form => {
                self.unclear("the call has a form, and the gateway does not hand it on")
            }
            Form::Seen(body) if !is_form || body.is_empty() => {}
            Form::Seen(_) if is_encoded(headers) => self.unclear("the form is compressed"),
            Form::Seen(body) => match kind {
                Err(why) => self.unclear(why),
                Ok(Some(FormKind::Multipart(boundary))) => self.multipart(body, &boundary),
                Ok(_) => self.urlencoded(body),
            },
            Form::Unseen => {}
        }
    }

    /// Pairs as they stand in a query or a url-encoded form.
    fn urlencoded(&mut self, text: &[u8]) {
        for pair in text.split(|byte| *byte == b'&') {
            let mut pieces = pair.split(|byte| *byte == b';');
            let first = pieces.next().unwrap_or_default();
            let name = first.split(|byte| *byte == b'=').next().unwrap_or_default();
            match self.likeness(&decoded(name)) {
                Likeness::Same(name) => {
                    let value = pair.splitn(2, |byte| *byte == b'=').nth(1).unwrap_or_default();
                    self.found(name, text_of(value));
                }
                Likeness::Alike => self.unclear(ALIKE),
                Likeness::Other => {}
            }
            for piece in pieces {
                let name = piece.split(|byte| *byte == b'=').next().unwrap_or_default();
                if likeness(&decoded(name), self.wanted.credentials) != Likeness::Other {
                    self.unclear("a credential stands behind a semicolon, where only some look");
                }
            }
        }
    }

    fn likeness(&self, name: &[u8]) -> Likeness {
        match likeness(name, self.wanted.credentials) {
            Likeness::Other => {
                let other = self.wanted.others.iter().find(|other| other.as_bytes() == name);
                other.map_or(Likeness::Other, |name| Likeness::Same(name))
            }
            likeness => likeness,
        }
    }
}

const ALIKE: &str = "a field is spelled so that only some take it for the credential";

/// Whether the body is compressed or otherwise encoded, so that its bytes are not the form's.
fn is_encoded(headers: &Headers) -> bool {
    let plain =
        |value: &[u8]| value.trim_ascii().is_empty() || value.trim_ascii().eq_ignore_ascii_case(b"identity");
    !headers.all(&CONTENT_ENCODING).all(plain)
}

/// What these bytes mean to a reader that lets wrong escapes stand.
fn decoded(bytes: &[u8]) -> Vec<u8> {
    let spaced: Vec<u8> = bytes.iter().map(|byte| if *byte == b'+' { b' ' } else { *byte }).collect();
    percent_decode(&spaced).collect()
}

/// A value as text, or [`NOTHING`]. No credential holds anything that needs to be escaped, but it may be.
fn text_of(value: &[u8]) -> String {
    String::from_utf8(decoded(value))
        .ok()
        .filter(|text| !text.contains('\0'))
        .unwrap_or_else(|| NOTHING.to_owned())
}

#[cfg(test)]
mod tests;
