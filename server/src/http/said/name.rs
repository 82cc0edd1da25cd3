//! Compares the name of a field with the wanted ones: do all readers take it for one of them, some, or none?

use percent_encoding::percent_decode;

/// How a name compares with the wanted ones.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Likeness {
    /// Exactly this one.
    Same(&'static str),
    /// Some readers take it for a wanted one.
    Alike,
    /// No reader takes it for a wanted one.
    Other,
}

/// Compares a name, decoded once, with the wanted ones.
pub(super) fn likeness(name: &[u8], wanted: &[&'static str]) -> Likeness {
    if let Some(same) = wanted.iter().find(|wanted| wanted.as_bytes() == name) {
        return Likeness::Same(same);
    }
    let plain = plain(name);
    // `key[]` and `key[0]` are lists called `key` in PHP and Rails, and `a[key` is `a_key`.
    let list = plain.split(|byte| *byte == b'[').next().unwrap_or_default();
    let flat: Vec<u8> = plain.iter().map(|byte| if *byte == b'[' { b'_' } else { *byte }).collect();
    let is = |wanted: &&str| [list, &flat].iter().any(|name| trimmed(name) == wanted.as_bytes());
    if wanted.iter().any(is) { Likeness::Alike } else { Likeness::Other }
}

/// Whether some reader may find one of the wanted names anywhere in the value of a header, however it is escaped, or cut
/// in pieces (`name*0`, `name*1`).
pub(super) fn mentioned(value: &[u8], wanted: &[&'static str]) -> bool {
    let holds = |text: &[u8], piece: &[u8]| text.windows(piece.len()).any(|window| window == piece);
    let unescaped: Vec<u8> = percent_decode(value).filter(|byte| *byte != 0).collect();
    let lists =
        |text: &[u8]| plain(text).iter().map(|byte| if *byte == b'[' { b'_' } else { *byte }).collect();
    let readings: [Vec<u8>; 2] = [lists(value), lists(&unescaped)];
    readings.iter().any(|text| {
        [&b"*"[..], b"=?"].iter().any(|piece| holds(text, piece))
            || wanted.iter().any(|name| holds(text, name.as_bytes()))
    })
}

/// A name as the most tolerant readers see it: in lower case, up to a NUL, without what is no ASCII or has no form, and
/// with `_` where PHP puts one. `%uXXXX` is how ASP and old JavaScript escape.
fn plain(name: &[u8]) -> Vec<u8> {
    let mut plain = Vec::with_capacity(name.len());
    let mut rest = name;
    while let [byte, behind @ ..] = rest {
        rest = behind;
        let byte = match escaped(*byte, behind) {
            Some(escaped) => {
                rest = behind.get(5..).unwrap_or_default();
                escaped
            }
            None => *byte,
        };
        match byte {
            0 => break,
            b' ' | b'.' => plain.push(b'_'),
            b'"' | b'\'' | b'\\' => {}
            _ if byte.is_ascii_graphic() => plain.push(byte.to_ascii_lowercase()),
            _ => {}
        }
    }
    plain
}

/// The character of `%uXXXX`; `?` beyond one byte.
fn escaped(percent: u8, behind: &[u8]) -> Option<u8> {
    let digits = behind.get(..5)?.strip_prefix(b"u").or_else(|| behind.get(..5)?.strip_prefix(b"U"))?;
    let number = u32::from_str_radix(std::str::from_utf8(digits).ok()?, 16).ok()?;
    (percent == b'%').then(|| u8::try_from(number).unwrap_or(b'?'))
}

/// PHP removes spaces before a name, other readers also those after it.
fn trimmed(name: &[u8]) -> &[u8] {
    let start = name.iter().position(|byte| *byte != b'_').unwrap_or(name.len());
    let end = name.iter().rposition(|byte| *byte != b'_').map_or(start, |last| last + 1);
    &name[start..end]
}

#[cfg(test)]
mod tests {
    use super::*;

    const WANTED: [&str; 2] = ["session_key", "tmp_key"];

    #[test]
    fn the_same_letter_for_letter() {
        assert_eq!(likeness(b"session_key", &WANTED), Likeness::Same("session_key"));
        assert_eq!(likeness(b"tmp_key", &WANTED), Likeness::Same("tmp_key"));
    }

    #[test]
    fn alike_for_php_for_asp_and_for_whoever_ignores_case() {
        let names: [&[u8]; 20] = [
            b"Session_Key",
            b"session.key",
            b"session key",
            b" session_key",
            b"session_key ",
            b"session[key",
            b"session_key[]",
            b"session_key[0][a]",
            b"session_key\0x",
            b"session_key\xff",
            b"\xefsession_key",
            b"session_\r\nkey",
            b"%u0073ession_key",
            b"%U0073ession_key",
            b"session\\_key",
            b"\"session_key\"",
            b"_session_key",
            b"TMP_KEY",
            b"tmp.key[]",
            b"\xe3\x80\x80tmp_key",
        ];
        for name in names {
            assert_eq!(likeness(name, &WANTED), Likeness::Alike, "{}", name.escape_ascii());
        }
    }

    #[test]
    fn a_wanted_name_in_the_value_of_a_header() {
        for value in [
            &b"form-data; name=\"session_key"[..],
            b"form-data; name=x; name=TMP.Key",
            b"form-data; name=\"session%5Fkey\\\"",
            b"form-data; name=\"s%00ession[key",
            b"form-data; name=\"\xffse\\ssion key",
            b"form-data; name*0=session; name*1=_key",
            b"form-data; name=\"=?utf-8?B?c2Vzc2lvbl9rZXk=?=",
        ] {
            assert!(mentioned(value, &WANTED), "{}", value.escape_ascii());
        }
        for value in [
            &b"form-data; name=\"f\"; filename=\"a\\\"b.txt\""[..],
            b"form-data; name=\"f\"; filename=\"caf\xe9 name=1.txt\"",
            b"attachment; name=f",
            b"",
        ] {
            assert!(!mentioned(value, &WANTED), "{}", value.escape_ascii());
        }
    }

    #[test]
    fn another_one_for_everybody() {
        let names: [&[u8]; 12] = [
            b"",
            b"key",
            b"session_keys",
            b"my_session_key",
            b"sessionkey",
            b"session-key",
            b"a[session_key]",
            b"session_key_2",
            b"stra\xdfe",
            b"100%",
            b"%u",
            b"[]",
        ];
        for name in names {
            assert_eq!(likeness(name, &WANTED), Likeness::Other, "{}", name.escape_ascii());
        }
    }
}
