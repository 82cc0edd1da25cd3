//! The type of a body, if all readers agree on it.

use http::header::CONTENT_TYPE;

use super::parameters::Parameters;
use crate::http::headers::Headers;

/// The type of a body: which kind of form, if any.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum FormKind {
    /// Url-encoded pairs.
    Urlencoded,
    /// Multipart, with this boundary.
    Multipart(String),
    /// No reader takes it for a form.
    Other,
}

/// The longest boundary (RFC 2046 §5.1.1), in bytes.
const BOUNDARY_BYTES_MAX: usize = 70;
/// Words of the types that some take for a form. Werkzeug knew `application/x-url-encoded`.
const WORDS: [&str; 3] = ["x-www-form-urlencoded", "x-url-encoded", "multipart"];
/// Charsets in which a name of ASCII letters is written with the bytes of these letters, by how they begin.
const CHARSETS: [&str; 24] = [
    "utf-8",
    "utf8",
    "utf_8",
    "us-ascii",
    "ascii",
    "iso-8859-",
    "iso8859-",
    "iso8859_",
    "iso_8859-",
    "latin1",
    "latin-1",
    "windows-125",
    "windows-874",
    "windows-31j",
    "cp125",
    "koi8-",
    "euc-",
    "shift_jis",
    "gbk",
    "gb2312",
    "gb18030",
    "big5",
    "tis-620",
    "macintosh",
];

impl FormKind {
    /// The type that the headers name. `None` if they name none: some readers take such a body for a url-encoded form.
    ///
    /// # Errors
    /// Why readers could differ.
    pub(super) fn of(headers: &Headers) -> Result<Option<Self>, &'static str> {
        let mut all = headers.all(&CONTENT_TYPE);
        let (first, second) = (all.next(), all.next());
        match first {
            _ if second.is_some() => Err("there are several Content-Type headers"),
            None => Ok(None),
            Some(value) if value.trim_ascii().is_empty() => Ok(None),
            Some(value) => Self::named(value).map(Some),
        }
    }

    fn named(value: &[u8]) -> Result<Self, &'static str> {
        let lower = value.to_ascii_lowercase();
        let mentions = |word: &str| lower.windows(word.len()).any(|part| part == word.as_bytes());
        if !WORDS.iter().any(|word| mentions(word)) {
            return Ok(Self::Other);
        }
        let read = Parameters::read(value).ok_or("the Content-Type is ambiguous")?;
        if !read.get("charset").is_none_or(is_ascii) {
            return Err("the form has a charset that is not supported");
        }
        match read.essence.as_str() {
            "application/x-www-form-urlencoded" => Ok(Self::Urlencoded),
            // Some readers take the other kinds of multipart for forms, too.
            essence if essence.starts_with("multipart/") => boundary(&read).map(Self::Multipart),
            _ => Err("the Content-Type is ambiguous"),
        }
    }
}

/// Whether this charset encodes ASCII letters as ASCII bytes.
pub(super) fn is_ascii(charset: &str) -> bool {
    let charset = charset.to_ascii_lowercase();
    CHARSETS.iter().any(|start| charset.starts_with(start))
}

/// The boundary, if it is unambiguous. PHP takes what follows the first "boundary" anywhere.
fn boundary(read: &Parameters) -> Result<String, &'static str> {
    let holds = |text: &str| text.to_ascii_lowercase().contains("boundary");
    let clear = read.iter().all(|(name, value)| name == "boundary" || !holds(name) && !holds(value));
    let boundary = read.get("boundary").filter(|boundary| {
        let visible = boundary.bytes().all(|byte| byte.is_ascii_graphic() && !b"\"\\,;".contains(&byte));
        clear && visible && (1..=BOUNDARY_BYTES_MAX).contains(&boundary.len())
    });
    boundary.map(str::to_owned).ok_or("the boundary of the form is ambiguous")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(values: &[&[u8]]) -> Result<Option<FormKind>, &'static str> {
        FormKind::of(&values.iter().map(|value| (CONTENT_TYPE, value)).collect())
    }

    fn one(value: &str) -> Result<Option<FormKind>, &'static str> {
        of(&[value.as_bytes()])
    }

    #[test]
    fn the_types_that_clients_send() {
        assert_eq!(of(&[]), Ok(None));
        assert_eq!(one(" "), Ok(None));
        for value in [
            "application/x-www-form-urlencoded",
            "Application/X-WWW-Form-URLEncoded ; Charset=ISO-8859-1",
            "application/x-www-form-urlencoded; charset=\"utf-8\"",
        ] {
            assert_eq!(one(value), Ok(Some(FormKind::Urlencoded)), "{value}");
        }
        for (value, boundary) in [
            ("multipart/form-data; boundary=----WebKitFormBoundaryAbC", "----WebKitFormBoundaryAbC"),
            ("MULTIPART/Form-Data; charset=UTF-8; boundary=\"a:b\"", "a:b"),
            ("multipart/form-data; boundary==/?(x)", "=/?(x)"),
            ("multipart/mixed; boundary=B", "B"),
        ] {
            assert_eq!(one(value), Ok(Some(FormKind::Multipart(boundary.to_owned()))), "{value}");
        }
        for value in ["application/json", "text/plain; charset=utf-16", "\u{fffd}", "a=b"] {
            assert_eq!(one(value), Ok(Some(FormKind::Other)), "{value}");
        }
    }

    #[test]
    fn what_readers_disagree_about_is_unclear() {
        assert!(of(&[b"application/json", b"application/x-www-form-urlencoded"]).is_err());
        for value in [
            "application/x-www-form-urlencoded, application/json",
            "application/json, application/x-www-form-urlencoded",
            "text/plain; application/x-www-form-urlencoded",
            "application/x-url-encoded",
            "application/x-www-form-urlencodedx",
            "application/x-www-form-urlencoded; charset=utf-16",
            "application/x-www-form-urlencoded; charset=utf-7",
            "application/x-www-form-urlencoded; charset=IBM037",
            "multipart/form-data",
            "multipart/form-data; boundary=",
            "multipart/form-data; boundary=A; boundary=B",
            "multipart/form-data; xboundary=A; boundary=B",
            "multipart/form-data; x=\"boundary=A\"; boundary=B",
            "multipart/form-data; boundary=A, B",
            "multipart/form-data; boundary=\"A",
            "multipart/form-data; boundary=\"A B\"",
            "multipart/form-data; boundary*=utf-8''B",
        ] {
            assert!(one(value).is_err(), "{value}");
        }
    }
}
