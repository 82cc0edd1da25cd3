//! Fields from outside: a query, a url-encoded body, a multipart body.
//!
//! Nothing here fails because of what the bytes mean: a value that cannot be decoded becomes [`NOTHING`], a body that
//! cannot be taken apart has no fields and says so, and each dialect answers both in its own words. Only a limit is
//! refused.

mod boundary;
mod multipart;
mod posted;
mod urlencoded;

use bytes::Bytes;

use crate::http::NOTHING;

/// Fields in one query or body.
pub const FIELDS_MAX: usize = 100;

/// More than [`FIELDS_MAX`] fields: 413 in every dialect.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct TooManyFields;

/// Names and values in the order in which they came. It has no `Debug`: there are passwords in it.
#[derive(Default)]
pub struct Fields {
    pairs: Vec<(String, String)>,
    broken: Option<Broken>,
}

/// A multipart body that could not be taken apart.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Broken {
    /// There is nothing of it.
    Empty,
    /// Nobody knows what is in it.
    Unreadable,
}

/// What a request says about one field.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Field<'a> {
    /// It is not there.
    Absent,
    /// It is there once; the value may be empty, or [`NOTHING`].
    Once(&'a str),
    /// It is there more than once, even if with the same value.
    Repeated,
}

/// A body by its content type, so that each dialect decides which it takes.
pub enum Body {
    /// `application/request-www-form-urlencoded`.
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

    /// The fields of a whole body. The type is compared without case; its parameters but `boundary` are ignored, so
    /// text is UTF-8 whatever `charset` says.
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

    /// Fields that were read elsewhere; of more than [`FIELDS_MAX`], the first ones.
    pub fn given(pairs: impl IntoIterator<Item = (String, String)>) -> Self {
        Self { pairs: pairs.into_iter().take(FIELDS_MAX).collect(), broken: None }
    }

    /// What is said about a field. A body that could not be taken apart says nothing.
    pub fn get(&self, name: &str) -> Field<'_> {
        let mut values = self.pairs().filter(|(other, _)| *other == name).map(|(_, value)| value);
        match (values.next(), values.next()) {
            (None, _) => Field::Absent,
            (Some(value), None) => Field::Once(value),
            (Some(_), Some(_)) => Field::Repeated,
        }
    }

    /// It is a multipart body that could not be taken apart: no boundary or another one, or it breaks off.
    pub fn is_broken(&self) -> bool {
        self.broken.is_some()
    }

    /// It is one that is not empty either, so nobody knows which fields its sender meant.
    pub fn may_hide_fields(&self) -> bool {
        self.broken == Some(Broken::Unreadable)
    }

    /// All that could be read, in order, names and values.
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
    /// The fields; none in a body of another type.
    pub fn into_fields(self) -> Fields {
        match self {
            Self::Form(fields) | Self::Multipart(fields) | Self::Untyped(fields) => fields,
            Self::Other => Fields::default(),
        }
    }
}

impl<'a> Field<'a> {
    /// The value of a field that is there once and not empty.
    pub fn filled(self) -> Option<&'a str> {
        match self {
            Self::Once(value) => Some(value).filter(|value| !value.is_empty()),
            Self::Absent | Self::Repeated => None,
        }
    }
}

/// Text as it was meant, or [`NOTHING`].
fn text(bytes: Vec<u8>) -> String {
    String::from_utf8(bytes).ok().filter(|text| !text.contains('\0')).unwrap_or_else(|| NOTHING.to_owned())
}

#[cfg(test)]
mod tests;
