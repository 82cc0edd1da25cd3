//! The validity period of a certificate (RFC 5280 §4.1.2.5), which rustls does not expose.

use exeunt_core::Moment;
use jiff::civil::DateTime;
use jiff::tz::TimeZone;

const INTEGER: u8 = 0x02;
const UTC_TIME: u8 = 0x17;
const GENERALIZED_TIME: u8 = 0x18;
const SEQUENCE: u8 = 0x30;
/// The version, an optional first element.
const VERSION: u8 = 0xa0;

/// The period, both ends included.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Validity {
    pub(super) from: Moment,
    pub(super) until: Moment,
}

/// The validity of a certificate in DER; `None` if it is not a certificate.
pub(super) fn of(certificate: &[u8]) -> Option<Validity> {
    let (certificate, _) = expect(SEQUENCE, certificate)?;
    let (rest, _) = expect(SEQUENCE, certificate)?;
    let rest = expect(VERSION, rest).map_or(rest, |(_, rest)| rest);
    let (_serial, rest) = expect(INTEGER, rest)?;
    let (_algorithm, rest) = expect(SEQUENCE, rest)?;
    let (_issuer, rest) = expect(SEQUENCE, rest)?;
    let (validity, _) = expect(SEQUENCE, rest)?;
    let (from, rest) = time(validity)?;
    let (until, _) = time(rest)?;
    Some(Validity { from, until })
}

/// The content of the first element, if it has this tag, and the rest.
fn expect(tag: u8, bytes: &[u8]) -> Option<(&[u8], &[u8])> {
    let (found, content, rest) = element(bytes)?;
    (found == tag).then_some((content, rest))
}

fn element(bytes: &[u8]) -> Option<(u8, &[u8], &[u8])> {
    let (tag, bytes) = bytes.split_first()?;
    let (first, bytes) = bytes.split_first()?;
    let (length, bytes) = match first {
        0..=0x7f => (usize::from(*first), bytes),
        0x81..=0x83 => {
            let (digits, bytes) = bytes.split_at_checked(usize::from(first & 0x7f))?;
            (digits.iter().fold(0, |length, digit| length << 8 | usize::from(*digit)), bytes)
        }
        _ => return None,
    };
    let (content, rest) = bytes.split_at_checked(length)?;
    Some((*tag, content, rest))
}

fn time(bytes: &[u8]) -> Option<(Moment, &[u8])> {
    let (tag, text, rest) = element(bytes)?;
    let text = std::str::from_utf8(text).ok()?.strip_suffix('Z')?;
    let text = match (tag, text.len()) {
        // A two-digit year is one of 1950 to 2049.
        (UTC_TIME, 12) if text < "5" => format!("20{text}"),
        (UTC_TIME, 12) => format!("19{text}"),
        (GENERALIZED_TIME, 14) => text.to_owned(),
        _ => return None,
    };
    let time = DateTime::strptime("%Y%m%d%H%M%S", text).ok()?.to_zoned(TimeZone::UTC).ok()?;
    let secs = u64::try_from(time.timestamp().as_second()).unwrap_or(0);
    Some((Moment::from_secs(secs), rest))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn der(tag: u8, content: &[u8]) -> Vec<u8> {
        let mut bytes = vec![tag];
        match u8::try_from(content.len()) {
            Ok(short @ 0..=0x7f) => bytes.push(short),
            _ => {
                bytes.push(0x82);
                bytes.extend(u16::try_from(content.len()).unwrap().to_be_bytes());
            }
        }
        bytes.extend(content);
        bytes
    }

    fn certificate(version: &[u8], issuer: &[u8], times: [(u8, &str); 2]) -> Vec<u8> {
        let validity = times.map(|(tag, text)| der(tag, text.as_bytes())).concat();
        let parts = [
            version.to_vec(),
            der(INTEGER, &[1]),
            der(SEQUENCE, &[]),
            der(SEQUENCE, issuer),
            der(SEQUENCE, &validity),
        ];
        der(SEQUENCE, &der(SEQUENCE, &parts.concat()))
    }

    #[test]
    fn both_ways_to_write_a_time_are_read() {
        let bytes = certificate(
            &der(VERSION, &[2, 1, 2]),
            &[0; 300],
            [(UTC_TIME, "080930155642Z"), (GENERALIZED_TIME, "20500101000000Z")],
        );
        let validity = of(&bytes).unwrap();
        assert_eq!(validity.from, Moment::from_secs(1_222_790_202));
        assert_eq!(validity.until, Moment::from_secs(2_524_608_000));
        let old = certificate(&[], &[], [(UTC_TIME, "500101000000Z"), (UTC_TIME, "491231235959Z")]);
        let validity = of(&old).unwrap();
        assert_eq!((validity.from.secs(), validity.until.secs()), (0, 2_524_607_999));
    }

    #[test]
    fn what_is_no_certificate_has_no_validity() {
        let bytes = certificate(&[], &[], [(UTC_TIME, "080930155642Z"), (UTC_TIME, "090930155642Z")]);
        for length in 0..bytes.len() {
            assert_eq!(of(&bytes[..length]), None, "{length}");
        }
        for time in ["0809301556Z", "080930155642", "081330155642Z", "ééééééZ"] {
            assert_eq!(of(&certificate(&[], &[], [(UTC_TIME, time), (UTC_TIME, time)])), None, "{time}");
        }
    }
}
