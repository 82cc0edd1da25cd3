//! Parses one record of a CSV file (RFC 4180) strictly: a malformed one is refused, because a misplaced quote would
//! shift everything after it.

/// The error for a record that ends within quotes.
const OPEN: &str = "a quote is not closed";

/// Whether a text ends within quotes, so that the record continues on the next line.
pub(super) fn is_open(text: &str) -> bool {
    fields(text) == Err(OPEN)
}

/// The fields of a record, which has no line break at its end.
///
/// # Errors
/// Why it is malformed.
pub(super) fn fields(record: &str) -> Result<Vec<String>, &'static str> {
    let mut fields = Vec::new();
    let mut rest = record;
    loop {
        let (field, behind) = match rest.strip_prefix('"') {
            Some(quoted) => quoted_field(quoted)?,
            None => plain_field(rest)?,
        };
        fields.push(field);
        match behind {
            Some(behind) => rest = behind,
            None => return Ok(fields),
        }
    }
}

type Field<'a> = (String, Option<&'a str>);

fn plain_field(rest: &str) -> Result<Field<'_>, &'static str> {
    let (field, behind) = match rest.split_once(',') {
        Some((field, behind)) => (field, Some(behind)),
        None => (rest, None),
    };
    if field.contains('"') {
        return Err("a quote is inside a field that does not begin with one");
    }
    Ok((field.to_owned(), behind))
}

fn quoted_field(mut rest: &str) -> Result<Field<'_>, &'static str> {
    let mut field = String::new();
    loop {
        let (piece, behind) = rest.split_once('"').ok_or(OPEN)?;
        field += piece;
        if let Some(on) = behind.strip_prefix('"') {
            field.push('"');
            rest = on;
        } else if behind.is_empty() {
            return Ok((field, None));
        } else {
            let behind = behind.strip_prefix(',').ok_or("there is text after a closing quote")?;
            return Ok((field, Some(behind)));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn records_are_read_as_rfc_4180_says() {
        for (record, expected) in [
            ("a,b", &["a", "b"][..]),
            ("", &[""]),
            (",", &["", ""]),
            ("\"a\",\"b,c\"", &["a", "b,c"]),
            ("\"say \"\"hi\"\"\",\"\"", &["say \"hi\"", ""]),
            ("\"two\nlines\",x", &["two\nlines", "x"]),
        ] {
            assert_eq!(fields(record).unwrap(), expected, "{record}");
        }
    }

    #[test]
    fn what_is_not_well_formed_is_refused() {
        for record in ["a\"b", "\"a", "\"a\"b", "\"a\" ,b", "x,\"a\"\"\"\""] {
            assert!(fields(record).is_err(), "{record}");
        }
        assert!(is_open("\"a") && is_open("x,\"a\"\"") && !is_open("a\"b") && !is_open("\"a\"\"b\""));
    }
}
