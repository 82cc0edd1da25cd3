//! The syntax of URIs (RFC 3986), as far as it protects: addresses are compared and kept as bytes, never normalised.

/// The longest address accepted, in bytes.
pub const URI_BYTES_MAX: usize = 2_048;

/// Why a text is no absolute URI without a fragment.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum UriFault {
    /// It is empty.
    Empty,
    /// It is longer than [`URI_BYTES_MAX`].
    TooLong,
    /// A control character, white space, or a letter outside of ASCII.
    NotPlain,
    /// Browsers read a backslash as a slash.
    Backslash,
    /// It has a fragment, even an empty one.
    Fragment,
    /// A character that no URI has, or a percent sign without its two digits.
    Character,
    /// It does not begin with a scheme and a colon.
    NoScheme,
}

impl UriFault {
    /// The rule that is broken, for the person who wrote the address.
    pub const fn text(self) -> &'static str {
        match self {
            Self::Empty => "the address is empty",
            Self::TooLong => "the address is longer than 2048 bytes",
            Self::NotPlain => "white space, control characters and letters outside of ASCII are not allowed",
            Self::Backslash => "a backslash is not allowed",
            Self::Fragment => "a fragment (# and what follows) is not allowed",
            Self::Character => {
                "a character is not allowed in an address: write it as % and two hexadecimal digits"
            }
            Self::NoScheme => "the address is not absolute: it must begin with a scheme, such as https:",
        }
    }
}

/// Splits an absolute URI without a fragment (RFC 3986 §4.3) into its scheme and what follows the colon.
///
/// # Errors
/// The first rule that it breaks.
pub fn absolute(text: &str) -> Result<(&str, &str), UriFault> {
    if text.is_empty() {
        return Err(UriFault::Empty);
    }
    if text.len() > URI_BYTES_MAX {
        return Err(UriFault::TooLong);
    }
    let bytes = text.as_bytes();
    if !bytes.iter().all(u8::is_ascii_graphic) {
        return Err(UriFault::NotPlain);
    }
    if bytes.contains(&b'\\') {
        return Err(UriFault::Backslash);
    }
    if bytes.contains(&b'#') {
        return Err(UriFault::Fragment);
    }
    if bytes.iter().any(|byte| b"\"<>^`{|}".contains(byte)) || !is_well_escaped(bytes) {
        return Err(UriFault::Character);
    }
    let (scheme, rest) = text.split_once(':').ok_or(UriFault::NoScheme)?;
    if is_scheme(scheme) { Ok((scheme, rest)) } else { Err(UriFault::NoScheme) }
}

/// The authority of a URI, given what follows its scheme's colon, and what follows the authority.
pub fn authority(rest: &str) -> Option<(&str, &str)> {
    let rest = rest.strip_prefix("//")?;
    Some(rest.split_at(rest.find(['/', '?']).unwrap_or(rest.len())))
}

/// RFC 3986 §3.1.
fn is_scheme(text: &str) -> bool {
    text.starts_with(|letter: char| letter.is_ascii_alphabetic())
        && text.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"+-.".contains(&byte))
}

fn is_well_escaped(bytes: &[u8]) -> bool {
    let mut after_percent = bytes.split(|byte| *byte == b'%').skip(1);
    after_percent.all(|rest| rest.len() >= 2 && rest[..2].iter().all(u8::is_ascii_hexdigit))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_uri_has_a_scheme_and_more() {
        assert_eq!(absolute("https://a.example/b?c"), Ok(("https", "//a.example/b?c")));
        assert_eq!(absolute("urn:a:b"), Ok(("urn", "a:b")));
        assert_eq!(absolute("a+1-2.x:"), Ok(("a+1-2.x", "")));
        for wrong in ["/a", "a.example/b", "//a.example", ":a", "1a:b", "-a:b", "a_b:c", "?a:b"] {
            assert_eq!(absolute(wrong), Err(UriFault::NoScheme), "{wrong}");
        }
    }

    #[test]
    fn every_byte_is_judged() {
        for letter in '\0'..='\u{ff}' {
            let fault = match letter {
                '\\' => Some(UriFault::Backslash),
                '#' => Some(UriFault::Fragment),
                '%' | '"' | '<' | '>' | '^' | '`' | '{' | '|' | '}' => Some(UriFault::Character),
                '!'..='~' => None,
                _ => Some(UriFault::NotPlain),
            };
            assert_eq!(absolute(&format!("a:b{letter}c")).err(), fault, "{letter:?}");
        }
        assert!(absolute("a:%2F%af").is_ok());
        for wrong in ["a:%", "a:%2", "a:%2g", "a:%%20"] {
            assert_eq!(absolute(wrong), Err(UriFault::Character), "{wrong}");
        }
    }

    #[test]
    fn its_length_is_bounded() {
        assert_eq!(absolute(""), Err(UriFault::Empty));
        let longest = format!("a:{}", "b".repeat(URI_BYTES_MAX - 2));
        assert!(absolute(&longest).is_ok());
        assert_eq!(absolute(&format!("{longest}b")), Err(UriFault::TooLong));
        assert!(UriFault::TooLong.text().contains(&URI_BYTES_MAX.to_string()));
    }

    #[test]
    fn an_authority_ends_where_the_path_or_the_query_begins() {
        assert_eq!(authority("//a@b:1/c?d"), Some(("a@b:1", "/c?d")));
        assert_eq!(authority("//a?b/c"), Some(("a", "?b/c")));
        assert_eq!(authority("//a"), Some(("a", "")));
        assert_eq!(authority("///a"), Some(("", "/a")));
        assert_eq!(authority("/a"), None);
    }
}
