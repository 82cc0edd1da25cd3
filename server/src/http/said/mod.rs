//! The fields in the query and the form of an application's call, read as *any* application might read them.
//!
//! The gate and the application read the same bytes with different programs: one takes the first of two fields and the
//! other the last, one splits at `;` too, one takes `session.key` for `session_key` (PHP), one compares names without
//! case (ASP.NET), one looks at the first boundary that a content type names and another at the last. A field that is
//! read in two ways could be a live credential for the gate and a dead one for the application. So a field has a value
//! here only if every reader reads the same one. A field that only some readers take for a wanted one makes the whole
//! call *unclear*, and each dialect refuses that in its own words. Any other fields are ignored.

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

/// The header into which some gateways copy a field of the form instead of forwarding the form. The dialect defines its
/// content; there is one line for each occurrence of the field.
pub static CREDENTIAL: HeaderName = HeaderName::from_static("exeunt-credential");

/// The body of an application's call, as far as the gateway forwards it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Form {
    /// The gateway does not forward it.
    Unseen,
    /// The unchanged body.
    Seen(Bytes),
    /// The gateway forwarded only a part.
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
    /// The fields of the query.
    pub query: Fields,
    /// The fields of the form.
    pub form: Fields,
    /// Why readers might differ, for the log. `None` if they agree.
    pub unclear: Option<&'static str>,
}

/// How many occurrences of a field are kept: two already mean that it is repeated.
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

/// The values of the header into which the gateway copied a field.
pub fn copied(headers: &Headers) -> impl Iterator<Item = String> {
    headers.all(&CREDENTIAL).map(|value| String::from_utf8_lossy(value).into_owned())
}

/// The one value that all these places agree on, or `Repeated`. Missing and empty fields are ignored.
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

/// The form that a gateway forwards in its query: `body`, and `length`, the `Content-Length` that the caller sent.
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
            Form::Cut => self.unclear("the gateway forwarded only part of the form"),
            // Older gateway configurations copy fields instead of forwarding the form, so only the copies can be
            // checked. And a call without a type may have no body at all.
            Form::Unseen if headers.has(&CREDENTIAL) || kind == Ok(None) => {}
            Form::Unseen if is_form => self.unclear("the call has a form that the gateway does not forward"),
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

    /// Reads the pairs of a query or a url-encoded form.
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
                    self.unclear(
                        "a credential follows a semicolon, which only some parsers take for a separator",
                    );
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

const ALIKE: &str = "a field has a name that only some parsers take for the credential's";

/// Whether the body is compressed or otherwise encoded.
fn is_encoded(headers: &Headers) -> bool {
    let plain =
        |value: &[u8]| value.trim_ascii().is_empty() || value.trim_ascii().eq_ignore_ascii_case(b"identity");
    !headers.all(&CONTENT_ENCODING).all(plain)
}

/// Decodes as a reader does that keeps wrong escapes unchanged.
fn decoded(bytes: &[u8]) -> Vec<u8> {
    let spaced: Vec<u8> = bytes.iter().map(|byte| if *byte == b'+' { b' ' } else { *byte }).collect();
    percent_decode(&spaced).collect()
}

/// A value as text, or [`NOTHING`]. No credential needs escapes, but a client may use them.
fn text_of(value: &[u8]) -> String {
    String::from_utf8(decoded(value))
        .ok()
        .filter(|text| !text.contains('\0'))
        .unwrap_or_else(|| NOTHING.to_owned())
}

#[cfg(test)]
mod tests;
