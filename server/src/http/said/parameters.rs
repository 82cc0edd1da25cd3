//! A header value with parameters, such as `multipart/form-data; boundary=B` (RFC 9110 §5.6.6), if every reader reads
//! it alike: no repeated parameter, no escapes, nothing left over.

/// A value and its parameters, names in lower case.
pub(super) struct Parameters {
    /// The text before the parameters, in lower case.
    pub essence: String,
    pairs: Vec<(String, String)>,
}

impl Parameters {
    /// Reads a value; `None` if readers could differ.
    pub(super) fn read(value: &[u8]) -> Option<Self> {
        let text = std::str::from_utf8(value).ok()?;
        let (essence, mut rest) = text.split_at(text.find(';').unwrap_or(text.len()));
        let mut read = Self { essence: essence.trim().to_ascii_lowercase(), pairs: Vec::new() };
        while let Some(behind) = rest.strip_prefix(';') {
            let behind = behind.trim_ascii_start();
            if behind.is_empty() {
                rest = behind;
                break;
            }
            let (name, value) = behind.split_once('=')?;
            let name = name.to_ascii_lowercase();
            let is_token = !name.is_empty()
                && name
                    .bytes()
                    .all(|byte| byte.is_ascii_alphanumeric() || b"-_*.!#$%&'+^`|~".contains(&byte));
            if !is_token || read.get(&name).is_some() {
                return None;
            }
            let (value, behind) = one(value)?;
            read.pairs.push((name, value.to_owned()));
            rest = behind;
        }
        rest.is_empty().then_some(read)
    }

    /// The value of a parameter.
    pub(super) fn get(&self, name: &str) -> Option<&str> {
        self.pairs.iter().find(|(other, _)| other == name).map(|(_, value)| value.as_str())
    }

    /// All parameters, in their order.
    pub(super) fn iter(&self) -> impl Iterator<Item = (&str, &str)> {
        self.pairs.iter().map(|(name, value)| (name.as_str(), value.as_str()))
    }
}

/// The value at the beginning, quoted or bare, and the rest. A bare value may hold the characters of boundaries: `=`,
/// `/`, `?` and so on.
fn one(text: &str) -> Option<(&str, &str)> {
    let (value, behind) = if let Some(quoted) = text.strip_prefix('"') {
        let (value, behind) = quoted.split_once('"')?;
        // `\"` ends the value for some readers, and not for others.
        (!value.ends_with('\\')).then_some((value, behind))?
    } else {
        let end = text.find([';', ',', ' ', '\t', '"']).unwrap_or(text.len());
        text.split_at(end)
    };
    let behind = behind.trim_ascii_start();
    (behind.is_empty() || behind.starts_with(';')).then_some((value, behind))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(text: &str) -> Option<(String, Vec<(String, String)>)> {
        Parameters::read(text.as_bytes()).map(|read| (read.essence, read.pairs))
    }

    #[test]
    fn a_value_with_its_parameters() {
        let pairs = |pairs: &[(&str, &str)]| -> Vec<_> {
            pairs.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect()
        };
        for (text, essence, wanted) in [
            ("Form-Data", "form-data", pairs(&[])),
            ("form-data; ", "form-data", pairs(&[])),
            (
                "form-data ; name=a;filename=\"b; c=d\"",
                "form-data",
                pairs(&[("name", "a"), ("filename", "b; c=d")]),
            ),
            ("a/b; Boundary=-=(x/y?z:1)", "a/b", pairs(&[("boundary", "-=(x/y?z:1)")])),
            ("a/b; c=\"\"; d=", "a/b", pairs(&[("c", ""), ("d", "")])),
            ("form-data; filename=\"C:\\x\\y.txt\"", "form-data", pairs(&[("filename", "C:\\x\\y.txt")])),
        ] {
            assert_eq!(read(text), Some((essence.to_owned(), wanted)), "{text}");
        }
    }

    #[test]
    fn what_could_be_read_in_two_ways_is_not_read() {
        for text in [
            "form-data; name",
            "form-data; name = a",
            "form-data; name=a; name=b",
            "form-data; name=a b",
            "form-data; name=\"a",
            "form-data; name=\"a\"b",
            "form-data; name=\"a\\\"; x=\"b\"",
            "form-data; =a",
            "form-data;; name=a",
            "form-data; name=a, b",
        ] {
            assert_eq!(read(text), None, "{text}");
        }
        assert!(Parameters::read(b"a; b=\xff").is_none());
    }
}
