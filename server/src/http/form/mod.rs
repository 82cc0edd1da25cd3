//! Fields of a query, a url-encoded body or a multipart body.
//!
//! Only a limit is an error here. A value that cannot be decoded becomes [`NOTHING`], and a body that cannot be parsed
//! has no fields and is marked as broken. Each dialect answers both in its own words.

mod boundary;
mod multipart;
mod posted;
mod urlencoded;

use bytes::Bytes;

use crate::http::NOTHING;

/// The most fields in one query or body.
pub const FIELDS_MAX: usize = 100;

/// More than [`FIELDS_MAX`] fields: 413 in every dialect.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct TooManyFields;

/// Names and values in the order of the request. They have no `Debug`, since some are passwords.
#[derive(Default)]
pub struct Fields {
    pairs: Vec<(String, String)>,
    broken: Option<Broken>,
}

/// Why a multipart body could not be parsed.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Broken {
    /// It is empty.
    Empty,
    /// Its content is unknown.
    Unreadable,
}

/// The value of one field in a request.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Field<'a> {
    /// The field is missing.
    Absent,
    /// It occurs once; the value may be empty, or [`NOTHING`].
    Once(&'a str),
    /// It occurs more than once, even if with the same value.
    Repeated,
}

/// A body by its content type: each dialect decides which types it accepts.
pub enum Body {
    /// `application/x-www-form-urlencoded`.
    Form(Fields),
    /// `multipart/form-data`.
    Multipart(Fields),
    /// No content type: read as url-encoded.
    Untyped(Fields),
    /// Any other type; not read.
    Other,
}

impl Fields {
    /// The fields of a query string, without its question mark.
    pub fn query(query: Option<&str>) -> Result<Self, TooManyFields> {
        urlencoded::read(query.unwrap_or_default().as_bytes())
    }

    /// The fields of a whole body. The type is compared without case. Its parameters except `boundary` are ignored, so
    /// text is always UTF-8, whatever `charset` says.
    pub fn body(content_type: Option<&str>, body: &Bytes) -> Result<Body, TooManyFields> {
        let typed = content_type.unwrap_or_default();
        let essence = typed.split(';').next().unwrap_or_default().trim();
        let is = |name: &str| essence.eq_ignore_ascii_case(name);
        Ok(match () {
            () if essence.is_empty() => Body::Untyped(urlencoded::read(body)?),
            () if is("application/x-www-form-urlencoded") => Body::Form(urlencoded::read(body)?),
            () if is("multipart/form-data") => Body::Multipart(multipart::read(typed, body.clone())?),
            () => Body::Other,
        })
    }

    /// Fields that were read elsewhere: the first [`FIELDS_MAX`].
    pub fn given(pairs: impl IntoIterator<Item = (String, String)>) -> Self {
        Self { pairs: pairs.into_iter().take(FIELDS_MAX).collect(), broken: None }
    }

    /// The value of a field. A body that could not be parsed has none.
    pub fn get(&self, name: &str) -> Field<'_> {
        let mut values = self.pairs().filter(|(other, _)| *other == name).map(|(_, value)| value);
        match (values.next(), values.next()) {
            (None, _) => Field::Absent,
            (Some(value), None) => Field::Once(value),
            (Some(_), Some(_)) => Field::Repeated,
        }
    }

    /// `true` for a multipart body that could not be parsed: its boundary is missing or wrong, or it breaks off.
    pub fn is_broken(&self) -> bool {
        self.broken.is_some()
    }

    /// `true` for a broken body that is not empty: it may hold fields that were not read.
    pub fn may_hide_fields(&self) -> bool {
        self.broken == Some(Broken::Unreadable)
    }

    /// Names and values of all fields that could be read, in order.
    pub fn pairs(&self) -> impl Iterator<Item = (&str, &str)> {
        self.pairs.iter().map(|(name, value)| (name.as_str(), value.as_str()))
    }

    fn add(&mut self, name: String, value: String) -> Result<(), TooManyFields> {
        if self.pairs.len() == FIELDS_MAX {
            return Err(TooManyFields);
        }
        self.pairs.push((name, value));
        Ok(())
    }
}

impl Body {
    /// The fields. A body of another type has none.
    pub fn into_fields(self) -> Fields {
        match self {
            Self::Form(fields) | Self::Multipart(fields) | Self::Untyped(fields) => fields,
            Self::Other => Fields::default(),
        }
    }
}

impl<'a> Field<'a> {
    /// The value, if the field occurs once and is not empty.
    pub fn filled(self) -> Option<&'a str> {
        match self {
            Self::Once(value) => Some(value).filter(|value| !value.is_empty()),
            Self::Absent | Self::Repeated => None,
        }
    }
}

/// The bytes as text, or [`NOTHING`].
fn text(bytes: Vec<u8>) -> String {
    String::from_utf8(bytes).ok().filter(|text| !text.contains('\0')).unwrap_or_else(|| NOTHING.to_owned())
}

#[cfg(test)]
mod tests;
