//! Times as text, in UTC. Texts here have years of four digits.

use exeunt_core::Moment;
use jiff::Timestamp;

/// The time of a moment; `None` if it is too late for a text: after 9999-12-30T22:00:00Z.
pub fn utc(at: Moment) -> Option<Timestamp> {
    Timestamp::from_millisecond(i64::try_from(at.millis()).ok()?).ok()
}

/// The time of a moment, or the last time that has a text.
pub fn utc_or_last(at: Moment) -> Timestamp {
    utc(at).unwrap_or(Timestamp::MAX)
}

/// A time for people to read, to the second.
pub fn readable(at: Moment) -> String {
    utc_or_last(at).strftime("%Y-%m-%d %H:%M:%S UTC").to_string()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_that_are_too_late_for_a_text_have_the_last_one_or_none() {
        let at = |millis| Moment::from_millis(millis);
        assert_eq!(utc(at(1_222_790_202_999)).unwrap().to_string(), "2008-09-30T15:56:42.999Z");
        assert_eq!(utc_or_last(at(0)).to_string(), "1970-01-01T00:00:00Z");
        assert_eq!(readable(at(1_222_790_202_999)), "2008-09-30 15:56:42 UTC");
        let last = 253_402_207_200_000;
        assert_eq!(utc(at(last)).unwrap().to_string(), "9999-12-30T22:00:00Z");
        for late in [last + 1_000, u64::MAX] {
            assert_eq!(utc(at(late)), None);
            assert_eq!(utc_or_last(at(late)), Timestamp::MAX);
        }
    }
}
