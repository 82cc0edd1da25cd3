//! The parameters of a request (RFC 6749 §3.1, §3.2): an empty one counts as absent, and none may be there twice.

use super::error::OAuthError;
use crate::http::NOTHING;

/// Parameters that have a value, in the order of the request. They have no `Debug`, since some are secrets.
#[derive(Default)]
pub struct Parameters(Vec<(String, String)>);

/// Why a parameter has no value that can be used.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ParameterFault {
    /// It is there more than once, even with the same value (OA-03).
    Repeated(&'static str),
    /// Its escapes or its UTF-8 are wrong.
    Unreadable(&'static str),
}

impl Parameters {
    /// The parameters among decoded pairs of a query or a form.
    pub fn of<'a>(pairs: impl IntoIterator<Item = (&'a str, &'a str)>) -> Self {
        let filled = pairs.into_iter().filter(|(_, value)| !value.is_empty());
        Self(filled.map(|(name, value)| (name.to_owned(), value.to_owned())).collect())
    }

    /// The value of a parameter, if it is there.
    ///
    /// # Errors
    /// It is repeated, or cannot be read.
    pub fn one(&self, name: &'static str) -> Result<Option<&str>, ParameterFault> {
        let mut values = self.all(name);
        match (values.next(), values.next()) {
            (_, Some(_)) => Err(ParameterFault::Repeated(name)),
            (Some(NOTHING), None) => Err(ParameterFault::Unreadable(name)),
            (value, None) => Ok(value),
        }
    }

    /// Every value of a parameter that may be there several times.
    pub fn all(&self, name: &str) -> impl Iterator<Item = &str> {
        self.0.iter().filter(move |(own, _)| own == name).map(|(_, value)| value.as_str())
    }

    /// Whether a parameter is there.
    pub fn has(&self, name: &str) -> bool {
        self.all(name).next().is_some()
    }
}

impl ParameterFault {
    /// The parameter, and what is wrong with it.
    pub fn text(self) -> String {
        match self {
            Self::Repeated(name) => format!("{name} is there more than once"),
            Self::Unreadable(name) => format!("{name} cannot be read: its escapes or its UTF-8 are wrong"),
        }
    }
}

impl From<ParameterFault> for OAuthError {
    fn from(fault: ParameterFault) -> Self {
        Self::invalid_request(fault.text())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn oa_03_an_empty_parameter_counts_as_absent() {
        let all = Parameters::of([("scope", ""), ("scope", "a"), ("state", ""), ("b", "")]);
        assert_eq!(all.one("scope"), Ok(Some("a")));
        assert_eq!((all.one("state"), all.one("nonce")), (Ok(None), Ok(None)));
        assert!(all.has("scope") && !all.has("b"));
    }

    #[test]
    fn oa_03_a_parameter_is_there_once() {
        let all = Parameters::of([("a", "1"), ("a", "1"), ("b", "1"), ("A", "2")]);
        assert_eq!(all.one("a"), Err(ParameterFault::Repeated("a")));
        assert_eq!((all.one("b"), all.one("A")), (Ok(Some("1")), Ok(Some("2"))));
        assert_eq!(all.all("a").count(), 2);
        assert_eq!(OAuthError::from(ParameterFault::Repeated("a")).code().word(), "invalid_request");
    }

    #[test]
    fn what_cannot_be_read_is_no_value() {
        let all = Parameters::of([("a", NOTHING), ("b", " ")]);
        assert_eq!(all.one("a"), Err(ParameterFault::Unreadable("a")));
        assert_eq!(all.one("b"), Ok(Some(" ")));
    }
}
