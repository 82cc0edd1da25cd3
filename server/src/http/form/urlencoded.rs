//! `application/x-www-form-urlencoded`, as the WHATWG URL standard parses it (§5.1), but strict: wrong escapes and
//! wrong UTF-8 are detected, not repaired.

use percent_encoding::percent_decode;

use super::{Fields, TooManyFields, text};
use crate::http::NOTHING;

pub(super) fn read(bytes: &[u8]) -> Result<Fields, TooManyFields> {
    let mut fields = Fields::default();
    for pair in bytes.split(|byte| *byte == b'&').filter(|pair| !pair.is_empty()) {
        let end = pair.iter().position(|byte| *byte == b'=').unwrap_or(pair.len());
        let value = pair.get(end + 1..).unwrap_or_default();
        fields.add(decode(&pair[..end]), decode(value))?;
    }
    Ok(fields)
}

fn decode(bytes: &[u8]) -> String {
    if !bytes.iter().any(|byte| matches!(byte, b'+' | b'%')) {
        return text(bytes.to_vec());
    }
    let spaced: Vec<u8> = bytes.iter().map(|byte| if *byte == b'+' { b' ' } else { *byte }).collect();
    if well_escaped(&spaced) { text(percent_decode(&spaced).collect()) } else { NOTHING.to_owned() }
}

/// Whether each percent sign has its two hexadecimal digits.
fn well_escaped(bytes: &[u8]) -> bool {
    let mut after_percent = bytes.split(|byte| *byte == b'%').skip(1);
    after_percent.all(|rest| rest.len() >= 2 && rest[..2].iter().all(u8::is_ascii_hexdigit))
}
