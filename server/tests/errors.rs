//! Every kind of error in every dialect, in each of its forms: one checked-in table, so that a reviewer sees the whole
//! surface in one diff. `EXEUNT_BLESS=1` rewrites it.

use exeunt::dialect;
use exeunt::error::{DeadReason, Error, Kind, ThrottleRefusal, Throttled, Unavailability};
use exeunt::http::headers::text;
use exeunt::http::{Body, Response};
use exeunt_core::Why;

/// A list of values, with the pattern of each: a new variant fails to compile here, and none gets a pattern without a
/// value.
macro_rules! every {
    ($any:expr => { $($pattern:pat => [$($value:expr),+],)+ }) => {{
        match $any { $($pattern => {})+ }
        vec![$($($value),+),+]
    }};
}

/// Every kind, with every value that a renderer may look at.
fn kinds() -> Vec<Kind> {
    let wait = |who| Kind::TooMany(ThrottleRefusal { who, retry_after_secs: 900 });
    every!(Kind::Internal => {
        Kind::Malformed(_) => [Kind::Malformed("password")],
        Kind::Unauthenticated => [Kind::Unauthenticated],
        Kind::Dead(DeadReason::Unknown) => [Kind::Dead(DeadReason::Unknown)],
        Kind::Dead(DeadReason::Expired) => [Kind::Dead(DeadReason::Expired)],
        Kind::Dead(DeadReason::Ended(_)) => [
            Kind::Dead(DeadReason::Ended(Why::LoggedOut)),
            Kind::Dead(DeadReason::Ended(Why::UserDeleted))
        ],
        Kind::Forbidden => [Kind::Forbidden],
        Kind::NotFound => [Kind::NotFound],
        Kind::Conflict(_) => [Kind::Conflict("email")],
        Kind::Unsupported => [Kind::Unsupported],
        Kind::TooMany(ThrottleRefusal { who: Throttled::Account, .. }) => [wait(Throttled::Account)],
        Kind::TooMany(ThrottleRefusal { who: Throttled::Address, .. }) => [wait(Throttled::Address)],
        Kind::TooMany(ThrottleRefusal { who: Throttled::Key, .. }) => [wait(Throttled::Key)],
        Kind::Unavailable(Unavailability::Refused) => [Kind::Unavailable(Unavailability::Refused)],
        Kind::Unavailable(Unavailability::Unknown) => [Kind::Unavailable(Unavailability::Unknown)],
        Kind::Unavailable(Unavailability::Busy) => [Kind::Unavailable(Unavailability::Busy)],
        Kind::Unavailable(Unavailability::Overtaken) => [Kind::Unavailable(Unavailability::Overtaken)],
        Kind::Internal => [Kind::Internal],
    })
}

#[tokio::test]
async fn every_error_in_every_dialect_is_as_in_the_table() {
    let mut table = String::from("# Every kind of error, as each dialect renders it.\n");
    for kind in kinds() {
        table += &format!("\n{kind:?}\n");
        let error = Error::new(kind, "the public text").because("THE PRIVATE TEXT");
        for dialect in dialect::all::ALL {
            for (form, response) in (dialect.errors)(&error) {
                table += &format!("  {} {form}: {}\n", dialect.name, line(response).await);
            }
        }
    }
    assert!(!table.contains("THE PRIVATE TEXT"), "a private text reached a caller");
    let path = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/errors.txt");
    let recorded = std::fs::read_to_string(path).unwrap();
    if std::env::var_os("EXEUNT_BLESS").is_some() && recorded != table {
        std::fs::write(path, &table).unwrap();
        panic!("blessed 1 table, tests/errors.txt: read the difference");
    }
    for (now, then) in table.lines().zip(recorded.lines()) {
        assert_eq!(now, then, "tests/errors.txt is not what the dialects render");
    }
    assert_eq!(table.lines().count(), recorded.lines().count());
}

async fn line(response: Response) -> String {
    let Body::Whole(body) = response.body else { panic!("an error is no stream") };
    let body: Vec<&str> = std::str::from_utf8(&body).unwrap().lines().map(str::trim).collect();
    let headers: String = response
        .headers
        .iter()
        .map(|(name, value)| (text(name).unwrap(), text(value).unwrap()))
        .filter(|(name, _)| !matches!(*name, "content-type" | "content-length"))
        .map(|(name, value)| format!(" [{name}: {value}]"))
        .collect();
    format!("{}{headers} {}", response.status.as_u16(), body.join(""))
}
