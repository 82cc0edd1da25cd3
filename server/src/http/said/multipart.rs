//! `multipart/form-data` (RFC 7578), if every reader parses it alike.
//!
//! Exeunt's own calls use a tolerant library, since some clients are careless. Here the application parses the form
//! again, with another parser. So everything that parsers treat differently is unclear: text before the first boundary
//! or after the last, a boundary within a part, lines that end in LF alone, a part without exactly one plain name.

use httparse::{EMPTY_HEADER, Header, Status, parse_headers};
use percent_encoding::percent_decode;

use super::content_type::FormKind;
use super::name::{Likeness, likeness, mentioned};
use super::parameters::Parameters;
use super::{ALIKE, Collected};
use crate::http::NOTHING;
use crate::http::headers::Headers;

/// The most headers of one part.
const HEADERS_MAX: usize = 16;
/// Ends the headers of a part.
const HEAD_END: &[u8] = b"\r\n\r\n";

const STRUCTURE: &str = "the form can be split into parts in several ways";
const NAMES: &str = "a part of the form has an ambiguous name";
const CONTENT: &str = "the part of the form with the credential is encoded";

impl Collected {
    pub(super) fn multipart(&mut self, body: &[u8], boundary: &str) {
        if let Err(why) = self.parts(body, format!("--{boundary}").as_bytes()) {
            self.unclear(why);
        }
    }

    fn parts(&mut self, body: &[u8], delimiter: &[u8]) -> Result<(), &'static str> {
        let mut pieces = Pieces { rest: Some(body), delimiter };
        if !pieces.next().unwrap_or_default().trim_ascii().is_empty() {
            return Err(STRUCTURE);
        }
        loop {
            let piece = pieces.next().ok_or(STRUCTURE)?;
            if let Some(epilogue) = piece.strip_prefix(b"--") {
                let over = epilogue.trim_ascii().is_empty() && pieces.next().is_none();
                return if over { Ok(()) } else { Err(STRUCTURE) };
            }
            let part =
                piece.strip_prefix(b"\r\n").and_then(|part| part.strip_suffix(b"\r\n")).ok_or(STRUCTURE)?;
            self.part(part)?;
        }
    }

    fn part(&mut self, part: &[u8]) -> Result<(), &'static str> {
        let end = position(part, HEAD_END).ok_or(STRUCTURE)?;
        let (head, value) = (&part[..end + HEAD_END.len()], &part[end + HEAD_END.len()..]);
        let mut headers = [EMPTY_HEADER; HEADERS_MAX];
        let Ok(Status::Complete((_, headers))) = parse_headers(head, &mut headers) else {
            return Err(STRUCTURE);
        };
        match self.named(headers)? {
            Likeness::Other => Ok(()),
            Likeness::Alike => Err(ALIKE),
            Likeness::Same(name) => {
                plain(headers)?;
                let text = std::str::from_utf8(value).ok().filter(|text| !text.contains('\0'));
                self.found(name, text.unwrap_or(NOTHING).to_owned());
                Ok(())
            }
        }
    }

    /// Compares the name of a part with the wanted ones.
    fn named(&self, headers: &[Header<'_>]) -> Result<Likeness, &'static str> {
        let mut dispositions = all(headers, "content-disposition");
        let (Some(value), None) = (dispositions.next(), dispositions.next()) else { return Err(NAMES) };
        // Nested parts: only some readers look inside.
        if all(headers, "content-type")
            .any(|kind| kind.trim_ascii_start().to_ascii_lowercase().starts_with(b"multipart"))
        {
            return Err(STRUCTURE);
        }
        let read = Parameters::read(value).filter(|read| read.essence == "form-data");
        let name = read.as_ref().and_then(|read| read.get("name")).filter(|_| mentions_of_name(value) == 1);
        let Some(name) = name else {
            // Names of files are written in many ways: with escaped quotes, in Latin-1. Only credentials matter. A part
            // without a name gets one from elsewhere in some readers.
            let credentials = self.wanted.credentials;
            let may_be_one = mentions_of_name(value) == 0
                || headers.iter().any(|header| mentioned(header.value, credentials));
            return if may_be_one { Err(NAMES) } else { Ok(Likeness::Other) };
        };
        let same = self.likeness(name.as_bytes());
        if matches!(same, Likeness::Same(_)) {
            return Ok(same);
        }
        // Browsers write `%22` for a quote; some readers decode it, some do not.
        let unescaped: Vec<u8> = percent_decode(name.as_bytes()).collect();
        let credentials = self.wanted.credentials;
        let clear = likeness(name.as_bytes(), credentials) == likeness(&unescaped, credentials);
        Ok(if clear { same } else { Likeness::Alike })
    }
}

/// Counts the parameters of a `Content-Disposition` that some reader takes for `name`: `name=`, `name*=`, `name*0=`,
/// within quotes too.
fn mentions_of_name(value: &[u8]) -> usize {
    let lower = value.to_ascii_lowercase();
    let starts = lower.windows(4).enumerate().filter(|(_, word)| word == b"name");
    let whole = starts.filter(|(at, _)| *at == 0 || !lower[at - 1].is_ascii_alphanumeric());
    whole
        .filter(|(at, _)| {
            let behind =
                lower[at + 4..].iter().find(|byte| !(byte.is_ascii_digit() || b"* \t".contains(byte)));
            behind == Some(&b'=')
        })
        .count()
}

/// Checks that the value is neither encoded nor in another charset.
fn plain(headers: &[Header<'_>]) -> Result<(), &'static str> {
    let plain = |encoding: &[u8]| {
        let encoding = encoding.trim_ascii().to_ascii_lowercase();
        [&b"7bit"[..], b"8bit", b"binary"].contains(&&encoding[..])
    };
    let kinds: Headers = all(headers, "content-type").map(|kind| ("content-type", kind)).collect();
    let kind = FormKind::of(&kinds).map_err(|_| CONTENT)?;
    let charset =
        all(headers, "content-type").any(|kind| Parameters::read(kind).is_none_or(|kind| !is_ascii(&kind)));
    if !all(headers, "content-transfer-encoding").all(plain)
        || charset
        || !matches!(kind, None | Some(FormKind::Other))
    {
        return Err(CONTENT);
    }
    Ok(())
}

fn is_ascii(kind: &Parameters) -> bool {
    kind.get("charset").is_none_or(super::content_type::is_ascii)
}

fn all<'a>(headers: &'a [Header<'a>], name: &'static str) -> impl Iterator<Item = &'a [u8]> {
    headers.iter().filter(move |header| header.name.eq_ignore_ascii_case(name)).map(|header| header.value)
}

/// The pieces of a body between the delimiters, wherever these occur.
struct Pieces<'a> {
    rest: Option<&'a [u8]>,
    delimiter: &'a [u8],
}

impl<'a> Iterator for Pieces<'a> {
    type Item = &'a [u8];

    fn next(&mut self) -> Option<&'a [u8]> {
        let rest = self.rest.take()?;
        let Some(at) = position(rest, self.delimiter) else { return Some(rest) };
        self.rest = Some(&rest[at + self.delimiter.len()..]);
        Some(&rest[..at])
    }
}

fn position(bytes: &[u8], wanted: &[u8]) -> Option<usize> {
    bytes.windows(wanted.len()).position(|window| window == wanted)
}
