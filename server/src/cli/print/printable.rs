//! Escapes text for a terminal. Anyone may send any user name or user agent; an escape sequence in it could rewrite or
//! reorder what the operator sees.

use std::borrow::Cow;
use std::fmt::Write;

use serde_json::Value;

/// The text with control and reordering characters escaped, as `\u{1b}`.
pub(crate) fn printable(text: &str) -> Cow<'_, str> {
    escaped(text, |c| c.is_control(), |c, to| write!(to, "\\u{{{:x}}}", u32::from(c)))
}

/// A value as one line of JSON, also escaped for a terminal; it parses as the same value.
pub(crate) fn json(value: &Value) -> String {
    // JSON has escaped its own characters already; the remaining ones are within strings.
    escaped(
        &value.to_string(),
        |c| c > '\u{7e}' && c.is_control(),
        |c, to| write!(to, "\\u{:04x}", u32::from(c)),
    )
    .into_owned()
}

fn escaped(
    text: &str,
    steers: impl Fn(char) -> bool,
    write: impl Fn(char, &mut String) -> std::fmt::Result,
) -> Cow<'_, str> {
    let offends = |c: char| steers(c) || reorders(c);
    if !text.contains(offends) {
        return Cow::Borrowed(text);
    }
    let mut safe = String::with_capacity(text.len() + 8);
    for c in text.chars() {
        match offends(c) {
            // Writing to a string does not fail.
            true => drop(write(c, &mut safe)),
            false => safe.push(c),
        }
    }
    Cow::Owned(safe)
}

/// Invisible characters that reorder the text around them, or break the line (Unicode UAX #9, UAX #14).
const fn reorders(c: char) -> bool {
    matches!(
        c,
        '\u{61c}'
            | '\u{200b}'..='\u{200f}'
            | '\u{2028}'..='\u{202e}'
            | '\u{2060}'..='\u{2069}'
            | '\u{feff}'
    )
}

#[test]
fn what_steers_a_terminal_is_written_out() {
    assert_eq!(printable("Zoë \u{1b}[2Jx\n"), "Zoë \\u{1b}[2Jx\\u{a}");
    assert_eq!(printable("a\u{202e}b\u{9b}c"), "a\\u{202e}b\\u{9b}c");
    assert!(matches!(printable("plain, ünïcode, 世界"), Cow::Borrowed(_)));
}

#[test]
fn json_stays_the_same_value() {
    let value = serde_json::json!({ "name": "a\u{1b}\u{7f}\u{9b}\u{202e}\"\\b" });
    let text = json(&value);
    assert!(text.bytes().all(|byte| (b' '..0x7f).contains(&byte)), "{text}");
    assert_eq!(serde_json::from_str::<Value>(&text).unwrap(), value);
}
