//! Times and durations from outside are parsed in one place: with bounds, so that milliseconds given as seconds are
//! detected, and so that "never" is understood. An error names what was found and what was expected.

pub mod date;
pub mod text;

use std::fmt;

use exeunt_core::Moment;
use jiff::Timestamp;
use jiff::fmt::temporal::Pieces;
use serde::de::{Error as _, Visitor};
use serde::{Deserialize, Deserializer};

use crate::error::{Error, Result};

/// The longest duration accepted, in seconds: ten years. 0 stands for no limit.
pub const DURATION_SECS_MAX: u32 = 3_660 * 86_400;
/// The beginning of the year 9999, in seconds since 1970. Other systems write a time in that year for "no end".
const NEVER_SECS: u64 = 253_370_764_800;
/// The last second of that year.
const LAST_SECS: u64 = 253_402_300_799;
/// Times between 1971 and 2200 are plausible: they serve to guess the unit of a number that is too large for seconds.
const PLAUSIBLE_SECS: std::ops::RangeInclusive<u64> = 31_536_000..=7_258_118_400;
/// Units mistaken for seconds, and how many make one second.
const UNITS: [(&str, u64); 3] =
    [("milliseconds", 1_000), ("microseconds", 1_000_000), ("nanoseconds", 1_000_000_000)];
/// Five minutes in milliseconds. A multiple is a usual duration in milliseconds and an odd one in seconds: in whole
/// days only the multiples of 125.
const FIVE_MINUTES_MILLIS: u64 = 300_000;
/// Texts that stand for a time or a number in other systems and are no secret: errors quote them.
const HARMLESS: [&str; 8] = ["infinity", "-infinity", "inf", "-inf", "nan", "never", "null", "\\N"];
/// The longest text quoted in an error.
const SHOWN_BYTES_MAX: usize = 40;
/// The expected form of a time.
const RULE: &str = "a time with its zone, as in 2026-01-02T03:04:05Z, or seconds since 1970";

/// A time as given: text, or a number of seconds. It may be a misplaced secret, so it has no `Debug`.
#[derive(Clone)]
pub struct GivenTime(String);

/// A duration as given: a number of seconds.
#[derive(Clone)]
pub struct GivenSecs(String);

/// A parsed time.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Time {
    /// This time.
    At(Moment),
    /// A time in the year 9999, which stands for no end.
    Never,
}

impl GivenTime {
    /// A time given as text.
    pub fn new(text: &str) -> Self {
        Self(text.to_owned())
    }

    /// Parses it.
    ///
    /// # Errors
    /// `Malformed(field)`: not a time, a unit other than seconds, before 1970 or after 9999.
    pub fn read(&self, field: &'static str) -> Result<Time> {
        time(&self.0).map_err(|why| Error::malformed(field, format!("{field} {why}")))
    }

    /// Parses a time that must not be "never".
    ///
    /// # Errors
    /// As [`GivenTime::read`], and for "never".
    pub fn moment(&self, field: &'static str) -> Result<Moment> {
        match self.read(field)? {
            Time::At(at) => Ok(at),
            Time::Never => {
                let found = shown(&self.0);
                let why = format!("{field} is {found}, which means never; leave it out if there is no time");
                Err(Error::malformed(field, why))
            }
        }
    }
}

impl GivenSecs {
    /// Parses it.
    ///
    /// # Errors
    /// `Malformed(field)`: not a whole number, another unit, or above [`DURATION_SECS_MAX`].
    pub fn read(&self, field: &'static str) -> Result<u32> {
        duration(&self.0).map_err(|why| Error::malformed(field, format!("{field} {why}")))
    }
}

/// Parses a time.
///
/// # Errors
/// What was found and what was expected, to follow the name of the field.
pub fn time(text: &str) -> Result<Time, String> {
    let number = text.parse::<f64>().is_ok_and(f64::is_finite);
    if number { whole(text, "seconds since 1970").and_then(since_1970) } else { written(text) }
}

/// Parses a duration in seconds; 0: no limit.
///
/// # Errors
/// As [`time`].
pub fn duration(text: &str) -> Result<u32, String> {
    if text.parse::<f64>().is_ok_and(f64::is_infinite) {
        return Err(format!("is {}; expected seconds, or 0 for no limit", shown(text)));
    }
    let secs = whole(text, "seconds")?;
    let in_millis = secs > 0 && secs.is_multiple_of(FIVE_MINUTES_MILLIS)
        || secs > DURATION_SECS_MAX.into()
            && secs.is_multiple_of(1_000)
            && secs / 1_000 <= DURATION_SECS_MAX.into();
    if in_millis {
        return Err(format!("looks like milliseconds: {secs}; expected seconds, {}", secs / 1_000));
    }
    let short = u32::try_from(secs).ok().filter(|secs| *secs <= DURATION_SECS_MAX);
    short.ok_or_else(|| {
        format!("is {secs}; expected at most {DURATION_SECS_MAX} seconds (ten years), or 0 for no limit")
    })
}

/// [`duration`], for an optional field of the configuration.
///
/// # Errors
/// As [`duration`].
pub fn optional_duration<'de, D: Deserializer<'de>>(from: D) -> Result<Option<u32>, D::Error> {
    let given = Option::<GivenSecs>::deserialize(from)?;
    given.map(|given| duration(&given.0).map_err(D::Error::custom)).transpose()
}

/// Seconds since 1970, for an optional field of the configuration.
///
/// # Errors
/// As [`time`], and for "never".
pub fn optional_secs_since_1970<'de, D: Deserializer<'de>>(from: D) -> Result<Option<u64>, D::Error> {
    let Some(given) = Option::<GivenSecs>::deserialize(from)? else { return Ok(None) };
    match time(&given.0).map_err(D::Error::custom)? {
        Time::At(at) => Ok(Some(at.secs())),
        Time::Never => Err(D::Error::custom(format!(
            "is {}, which means never; leave the option out instead",
            shown(&given.0)
        ))),
    }
}

/// Whether this number may be a time since 1970, in any unit, where something else is expected.
pub fn looks_like_a_time(text: &str) -> bool {
    let plausible = |secs: u64| secs >= 1_000_000_000 && PLAUSIBLE_SECS.contains(&secs);
    match text.parse::<u64>() {
        Ok(number) => plausible(number) || UNITS.iter().any(|(_, many)| plausible(number / many)),
        Err(_) => time(text).is_ok(),
    }
}

fn since_1970(number: u64) -> Result<Time, String> {
    if number <= LAST_SECS {
        return Ok(if number < NEVER_SECS { Time::At(Moment::from_secs(number)) } else { Time::Never });
    }
    let meant = |secs: u64| PLAUSIBLE_SECS.contains(&secs) || (NEVER_SECS..=LAST_SECS).contains(&secs);
    let unit = UNITS.iter().find(|(_, many)| meant(number / many));
    Err(unit.map_or_else(
        || {
            format!(
                "is {number}, which is after the year 9999; expected {RULE}; 9999-12-31T23:59:59Z means never"
            )
        },
        |(unit, many)| format!("looks like {unit}: {number}; expected seconds, {}", number / many),
    ))
}

fn written(text: &str) -> Result<Time, String> {
    // PostgreSQL's form.
    if text.eq_ignore_ascii_case("infinity") {
        return Ok(Time::Never);
    }
    let pieces = Pieces::parse(text).ok();
    // With any zone, or none. jiff cannot represent the end of that year.
    if pieces.as_ref().is_some_and(|pieces| pieces.date().year() == 9999) {
        return Ok(Time::Never);
    }
    let found = shown(text);
    match text.parse::<Timestamp>().map(|at| u64::try_from(at.as_millisecond())) {
        Ok(Ok(millis)) => Ok(Time::At(Moment::from_millis(millis))),
        Ok(Err(_)) => Err(before_1970(&found)),
        // The zero date of MySQL, and the year 0 of others.
        Err(_) if text.starts_with("0000-") => Err(before_1970(&found)),
        Err(_) if is_of_a_long_year(text) => Err(format!(
            "is {found}, which is after the year 9999; expected {RULE} (were milliseconds taken for seconds?)"
        )),
        Err(_) if pieces.is_some() => Err(format!("is {found}, which has no time zone; expected {RULE}")),
        Err(_) => Err(format!("is {found}; expected {RULE}")),
    }
}

fn before_1970(found: &str) -> String {
    format!("is {found}, which is before 1970; expected {RULE}; leave it out if there is no time")
}

/// `+057974-10-09T…`: a year of more than four digits begins with a sign.
fn is_of_a_long_year(text: &str) -> bool {
    let digits = text.strip_prefix('+').unwrap_or(text);
    digits.bytes().take_while(u8::is_ascii_digit).count() > 4 && digits.contains('-')
}

/// A whole number that is not negative.
fn whole(text: &str, unit: &str) -> Result<u64, String> {
    /// Above this a float cannot represent every whole number.
    const EXACT_MAX: f64 = 9_007_199_254_740_992.0;
    if let Ok(number) = text.parse::<u64>() {
        return Ok(number);
    }
    let found = shown(text);
    match text.parse::<f64>() {
        Ok(number) if !number.is_finite() => Err(format!("is {found}; expected {unit}")),
        Ok(number) if number < 0.0 => Err(format!("is {found}, which is negative; expected {unit}")),
        Ok(number) if number.fract() != 0.0 => {
            Err(format!("is {found}; expected whole {unit}, without a fraction"))
        }
        // `1.7e9` and `1767323045.0`: some programs write whole numbers like this.
        Ok(number) if number <= EXACT_MAX => Ok(number as u64),
        Ok(_) => Err(format!("is {found}, which is too large; expected {unit}")),
        Err(_) => Err(format!("is {found}; expected {unit}")),
    }
}

/// The text, if it looks like a time or a number: anything else may be a misplaced secret.
fn shown(text: &str) -> String {
    let harmless = |byte: u8| byte.is_ascii_digit() || b"+-.:eETZtz ".contains(&byte);
    if text.is_empty() {
        "empty".to_owned()
    } else if HARMLESS.iter().any(|known| text.eq_ignore_ascii_case(known))
        || text.len() <= SHOWN_BYTES_MAX && text.bytes().all(harmless)
    {
        text.to_owned()
    } else {
        "a text of another kind".to_owned()
    }
}

/// Keeps numbers as written, and accepts text if `texts`.
struct AsGiven {
    texts: bool,
}

impl Visitor<'_> for AsGiven {
    type Value = String;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(if self.texts { RULE } else { "a whole number of seconds" })
    }

    fn visit_u64<E>(self, number: u64) -> Result<String, E> {
        Ok(number.to_string())
    }

    fn visit_i64<E>(self, number: i64) -> Result<String, E> {
        Ok(number.to_string())
    }

    fn visit_f64<E>(self, number: f64) -> Result<String, E> {
        // With an exponent if it is large.
        Ok(format!("{number:?}"))
    }

    fn visit_str<E: serde::de::Error>(self, text: &str) -> Result<String, E> {
        if self.texts {
            Ok(text.to_owned())
        } else {
            Err(E::invalid_type(serde::de::Unexpected::Str(text), &self))
        }
    }
}

impl<'de> Deserialize<'de> for GivenTime {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        from.deserialize_any(AsGiven { texts: true }).map(Self)
    }
}

impl<'de> Deserialize<'de> for GivenSecs {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        from.deserialize_any(AsGiven { texts: false }).map(Self)
    }
}
