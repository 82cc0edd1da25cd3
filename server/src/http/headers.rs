//! The header fields of a request or a response (RFC 9110 §5), stored in one buffer and found by linear search.
//!
//! They are few, and each is read once or twice: building a hash table would cost more than it saves.

use http::{HeaderMap, HeaderName};

/// Initial capacity, enough for most requests and responses: the number of fields, and their bytes.
const FIELDS: usize = 8;
const TEXT_BYTES: usize = 256;

/// Header fields in their order. They have no `Debug`, since some are secrets.
#[derive(Clone, Default)]
pub struct Headers {
    text: Vec<u8>,
    fields: Vec<Field>,
}

/// Where a field is in the text: its name is `name..value`, its value is `value..end`.
#[derive(Clone, Copy)]
struct Field {
    digest: u32,
    name: usize,
    value: usize,
    end: usize,
}

impl Headers {
    /// No fields, with the initial capacity.
    pub fn new() -> Self {
        Self { text: Vec::with_capacity(TEXT_BYTES), fields: Vec::with_capacity(FIELDS) }
    }

    /// The first value of this name.
    pub fn get(&self, name: &HeaderName) -> Option<&[u8]> {
        self.all(name).next()
    }

    /// Every value of this name, in order.
    pub fn all(&self, name: &HeaderName) -> impl Iterator<Item = &[u8]> {
        let name = name.as_str().as_bytes();
        let digest = digest(name);
        self.fields
            .iter()
            .filter(move |field| field.digest == digest)
            .map(|field| self.piece(*field))
            .filter(move |(other, _)| *other == name)
            .map(|(_, value)| value)
    }

    /// The value of this name, if there is exactly one and it is text.
    pub fn one(&self, name: &HeaderName) -> Option<&str> {
        let mut all = self.all(name);
        let first = all.next()?;
        all.next().is_none().then(|| text(first))?
    }

    /// Whether there is a field of this name.
    pub fn has(&self, name: &HeaderName) -> bool {
        self.get(name).is_some()
    }

    /// Names, in lower case, and values.
    pub fn iter(&self) -> impl Iterator<Item = (&[u8], &[u8])> {
        self.fields.iter().map(|field| self.piece(*field))
    }

    /// Adds a field after those of the same name. A value that no header can carry is dropped: a line end in it would
    /// begin another field.
    pub fn add(&mut self, name: &HeaderName, value: impl AsRef<[u8]>) {
        let value = value.as_ref();
        if is_value(value) {
            self.put(name.as_str().as_bytes(), value);
        }
    }

    /// Adds a field that was read from a connection, with a name in any case.
    pub fn read(&mut self, name: &str, value: &[u8]) {
        let begin = self.text.len();
        self.put(name.as_bytes(), value);
        self.text[begin..begin + name.len()].make_ascii_lowercase();
    }

    /// Adds a field unless there is one of this name.
    pub fn add_if_missing(&mut self, name: &HeaderName, value: impl AsRef<[u8]>) {
        if !self.has(name) {
            self.add(name, value);
        }
    }

    /// Replaces all fields of this name.
    pub fn set(&mut self, name: &HeaderName, value: impl AsRef<[u8]>) {
        self.remove(name);
        self.add(name, value);
    }

    /// Removes all fields of this name.
    pub fn remove(&mut self, name: &HeaderName) {
        let (text, name) = (&self.text, name.as_str().as_bytes());
        self.fields.retain(|field| text[field.name..field.value] != *name);
    }

    fn put(&mut self, name: &[u8], value: &[u8]) {
        let begin = self.text.len();
        self.text.extend_from_slice(name);
        self.text.extend_from_slice(value);
        let end = self.text.len();
        self.fields.push(Field { digest: digest(name), name: begin, value: begin + name.len(), end });
    }

    fn piece(&self, field: Field) -> (&[u8], &[u8]) {
        (&self.text[field.name..field.value], &self.text[field.value..field.end])
    }
}

/// From the HTTP library.
impl From<&HeaderMap> for Headers {
    fn from(map: &HeaderMap) -> Self {
        map.iter().map(|(name, value)| (name.as_str(), value.as_bytes())).collect()
    }
}

/// From fields that were read from a connection.
impl<N: AsRef<str>, V: AsRef<[u8]>> FromIterator<(N, V)> for Headers {
    fn from_iter<I: IntoIterator<Item = (N, V)>>(all: I) -> Self {
        let mut headers = Self::new();
        all.into_iter().for_each(|(name, value)| headers.read(name.as_ref(), value.as_ref()));
        headers
    }
}

/// Tells most names apart, in any case, by length, first and last letter.
fn digest(name: &[u8]) -> u32 {
    let letter = |letter: Option<&u8>| letter.map_or(0, |letter| letter | 0x20);
    let [length, ..] = name.len().to_le_bytes();
    u32::from_le_bytes([length, letter(name.first()), letter(name.last()), 0])
}

/// A value as text: visible ASCII, spaces and tabs.
pub fn text(value: &[u8]) -> Option<&str> {
    let ascii = value.iter().fold(0, |all, byte| all | byte) < 0x80;
    (ascii && is_value(value)).then(|| std::str::from_utf8(value).ok())?
}

/// RFC 9110 §5.5: no control characters but the tab. The loop has no early exit, so that it is vectorized: nearly all
/// values are valid.
fn is_value(value: &[u8]) -> bool {
    let control = |byte: u8| (byte < b' ') & (byte != b'\t') | (byte == 0x7f);
    value.iter().fold(0, |any, byte| any | u8::from(control(*byte))) == 0
}

#[cfg(test)]
mod tests {
    use http::header::{ACCEPT, AUTHORIZATION, COOKIE};

    use super::*;

    #[test]
    fn a_name_is_found_in_any_case_and_in_order() {
        let headers: Headers = [("COOKIE", "a"), ("Accept", "b"), ("cookie", "c")].into_iter().collect();
        assert_eq!(headers.all(&COOKIE).collect::<Vec<_>>(), [b"a", b"c"]);
        assert_eq!(headers.get(&ACCEPT), Some(&b"b"[..]));
        assert!(!headers.has(&AUTHORIZATION));
    }

    #[test]
    fn one_is_one_and_text() {
        let of = |values: &[&[u8]]| {
            let headers: Headers = values.iter().map(|value| ("accept", value)).collect();
            headers.one(&ACCEPT).map(str::to_owned)
        };
        assert_eq!(of(&[b"a b\t~"]).as_deref(), Some("a b\t~"));
        assert_eq!(of(&[b""]).as_deref(), Some(""));
        assert_eq!(of(&[]), None);
        assert_eq!(of(&[b"a", b"a"]), None);
        assert_eq!(of(&["é".as_bytes()]), None);
    }

    #[test]
    fn what_would_end_its_line_is_left_out() {
        for byte in 0..=u8::MAX {
            let mut headers = Headers::new();
            headers.add(&ACCEPT, [b'a', byte, b'b']);
            let carried = byte == b'\t' || byte >= b' ' && byte != 0x7f;
            assert_eq!(headers.has(&ACCEPT), carried, "{byte}");
            assert_eq!(carried, http::HeaderValue::from_bytes(&[b'a', byte, b'b']).is_ok(), "{byte}");
        }
    }

    #[test]
    fn a_field_is_set_once_and_taken_away() {
        let mut headers: Headers = [("Accept", "a"), ("cookie", "b"), ("accept", "c")].into_iter().collect();
        headers.set(&ACCEPT, "d");
        assert_eq!(headers.all(&ACCEPT).collect::<Vec<_>>(), [b"d"]);
        headers.remove(&ACCEPT);
        assert_eq!(headers.iter().collect::<Vec<_>>(), [(&b"cookie"[..], &b"b"[..])]);
    }
}
