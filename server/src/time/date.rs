//! The `Date` of every response (RFC 9110 §6.6.1), formatted once a second instead of once a response.

use std::sync::RwLock;
use std::time::{Duration, UNIX_EPOCH};

use exeunt_core::Moment;

use crate::lock::Shared as _;
use crate::time::LAST_SECS;

/// The date of the second asked for last.
pub struct Dates(RwLock<(u64, Letters)>);

/// A time in HTTP's format, which has a fixed length.
type Letters = [u8; 29];

impl Dates {
    /// The `Date` of a response at this time.
    pub fn header(&self, now: Moment) -> Letters {
        let (secs, letters) = *self.0.reading();
        if secs == now.secs() { letters } else { self.write(now) }
    }

    fn write(&self, now: Moment) -> Letters {
        let letters = letters(now);
        *self.0.writing() = (now.secs(), letters);
        letters
    }
}

impl Default for Dates {
    fn default() -> Self {
        Self(RwLock::new((0, letters(Moment::from_secs(0)))))
    }
}

/// A time in HTTP's format; times after the year 9999 become its last second.
pub fn text(at: Moment) -> String {
    httpdate::fmt_http_date(UNIX_EPOCH + Duration::from_secs(at.secs().min(LAST_SECS)))
}

fn letters(at: Moment) -> Letters {
    text(at).as_bytes().try_into().unwrap_or(*b"Thu, 01 Jan 1970 00:00:00 GMT")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_second_has_its_date() {
        let dates = Dates::default();
        assert_eq!(&dates.header(Moment::from_secs(0)), b"Thu, 01 Jan 1970 00:00:00 GMT");
        assert_eq!(&dates.header(Moment::from_millis(1_222_790_202_999)), b"Tue, 30 Sep 2008 15:56:42 GMT");
        assert_eq!(&dates.header(Moment::from_secs(1_222_790_203)), b"Tue, 30 Sep 2008 15:56:43 GMT");
        assert_eq!(&dates.header(Moment::from_millis(u64::MAX)), b"Fri, 31 Dec 9999 23:59:59 GMT");
    }
}
