//! The boundary of a multipart body, as PHP (`main/rfc1867.c`) and Django (`parse_header_parameters`) read it.
//!
//! Both accept an unquoted value with characters that RFC 9110 wants in quotes, such as `=`, `/` and `?`, and clients
//! send such values. If the two disagree, there is no boundary: an application behind a gateway might read other fields
//! than were checked here.

/// The longest boundary, in bytes: the limit of Django (RFC 2046 §5.1.1 allows 70).
const BOUNDARY_BYTES_MAX: usize = 201;
/// The name of the parameter, and the word that PHP searches a content type for.
const NAME: &str = "boundary";
const BLANKS: [char; 2] = [' ', '\t'];

/// The boundary that a content type names, if both read the same one.
pub(super) fn read(content_type: &str) -> Option<&str> {
    let mut found: Option<Parameter<'_>> = None;
    let mut rest = split(content_type).1;
    while let Some(text) = rest {
        let parameter;
        (parameter, rest) = Parameter::read(text)?;
        let usual = parameter.name == NAME;
        // PHP accepts another spelling only if the usual one occurs nowhere.
        let unusual = parameter.name.eq_ignore_ascii_case(NAME) && !content_type.contains(NAME);
        match &found {
            None if usual || unusual => found = Some(parameter),
            // `x-boundary`, or a value that holds the word: PHP takes what follows the first.
            None if mentions(parameter.name) || mentions(parameter.value) => return None,
            // A second one, or `boundary*`: Django takes the last.
            Some(_) if mentions(parameter.name) => return None,
            _ => {}
        }
    }
    found.filter(Parameter::is_boundary).map(|parameter| parameter.value)
}

struct Parameter<'a> {
    name: &'a str,
    value: &'a str,
    quoted: bool,
}

impl<'a> Parameter<'a> {
    /// The first parameter, and the rest. `None` if its quotes or backslashes can be read in several ways.
    fn read(text: &'a str) -> Option<(Self, Option<&'a str>)> {
        let (whole, rest) = split(text);
        let name = whole.split_once('=').map_or(whole, |(name, _)| name);
        let value = text.get(name.len() + 1..).filter(|_| name.len() < whole.len()).unwrap_or_default();
        let quoted = value.strip_prefix('"').filter(|_| name.len() < whole.len());
        let (value, rest) = match quoted {
            Some(quoted) => {
                let (value, behind) = quoted.split_once('"')?;
                let (nothing, rest) = split(behind);
                nothing.trim_matches(BLANKS).is_empty().then_some((value, rest))?
            }
            None if value.is_empty() => ("", rest),
            None => split(value),
        };
        let clear = |text: &str| !text.contains(['"', '\\']);
        let parameter = Self { name: name.trim_matches(BLANKS), value, quoted: quoted.is_some() };
        (clear(name) && clear(value)).then_some((parameter, rest))
    }

    fn is_boundary(&self) -> bool {
        let printable = self.value.bytes().all(|byte| matches!(byte, b' '..=b'~'));
        // PHP ends an unquoted value at a comma, and keeps the blanks around it.
        let same = self.quoted || !self.value.contains(',') && !self.value.starts_with(BLANKS);
        let length = self.value.len();
        (1..=BOUNDARY_BYTES_MAX).contains(&length) && printable && same && !self.value.ends_with(BLANKS)
    }
}

/// The text before the first semicolon, and the text after it.
fn split(text: &str) -> (&str, Option<&str>) {
    text.split_once(';').map_or((text, None), |(before, behind)| (before, Some(behind)))
}

fn mentions(text: &str) -> bool {
    text.to_ascii_lowercase().contains(NAME)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(parameters: &str) -> Option<String> {
        read(&format!("multipart/form-data{parameters}")).map(str::to_owned)
    }

    #[test]
    fn what_both_read_the_same() {
        for (parameters, wanted) in [
            ("; boundary=B", "B"),
            (";boundary=B", "B"),
            (";  boundary=B;", "B"),
            (";\tboundary=B; charset=utf-8", "B"),
            ("; charset=utf-8; boundary=B", "B"),
            ("; charset=\"a;b\"; boundary=B", "B"),
            ("; charset=\"a;b=c\" ; boundary=B", "B"),
            ("; boundary =B", "B"),
            ("; BOUNDARY=B", "B"),
            ("; boundary=----WebKitFormBoundaryX", "----WebKitFormBoundaryX"),
            ("; boundary=boundary", "boundary"),
            ("; boundary=B; x=boundary", "B"),
            ("; boundary=a=b/c?d:e(f)g+h_i.j'k", "a=b/c?d:e(f)g+h_i.j'k"),
            ("; boundary==", "="),
            ("; boundary=a b", "a b"),
            ("; boundary=\"a=b/c?d:e,f;g h\"", "a=b/c?d:e,f;g h"),
            ("; boundary=\"B\" ; charset=utf-8", "B"),
        ] {
            assert_eq!(of(parameters).as_deref(), Some(wanted), "{parameters}");
        }
        let longest = "b".repeat(BOUNDARY_BYTES_MAX);
        assert_eq!(of(&format!("; boundary={longest}")), Some(longest));
    }

    #[test]
    fn what_they_read_differently_is_none() {
        for parameters in [
            "",
            ";",
            "; boundary",
            "; boundary=",
            "; boundary=\"\"",
            "; boundary=a,b",
            "; boundary= B",
            "; boundary=B ; charset=utf-8",
            "; boundary=A; boundary=B",
            "; boundary=A; Boundary=B",
            "; Boundary=A; x=boundary=B",
            "; x=boundary=A; boundary=B",
            "; x-boundary=A; boundary=B",
            "; boundary=A; boundary*=utf-8''B",
            "; boundary; x=A",
            "; boundary=\"a\\\"b\"",
            "; boundary=\"a\\=b\"",
            "; boundary=\"B",
            "; boundary=\"B\"c",
            "; boundary=\"B \"",
            "; boundary=a\"b",
            "; x=a\"b; boundary=B",
            "; x\"=a; boundary=B",
            "; boundary=\u{e9}",
        ] {
            assert_eq!(of(parameters), None, "{parameters}");
        }
        assert_eq!(of(&format!("; boundary={}", "b".repeat(BOUNDARY_BYTES_MAX + 1))), None);
    }
}
