//! Every kind of error in every dialect, in each of its forms: one checked-in table, so that a reviewer sees the whole
//! surface in one diff. `EXEUNT_BLESS=1` rewrites it.

#![cfg(test)]

use exeunt::dialect;
use exeunt::error::{DeadReason, Error, Kind, ThrottleRefusal, Throttled, Unavailability};
use exeunt::http::headers::text;
use exeunt::http::{Body, Response};
use exeunt_core::Why;

/// Every kind, with every value that a renderer may look at. A new kind or reason fails to compile here first.
fn kinds() -> Vec<Kind> {
    let sample = Kind::Internal;
    match sample {
        Kind::Malformed(_)
        | Kind::Unauthenticated
        | Kind::Dead(DeadReason::Unknown | DeadReason::Expired | DeadReason::Ended(_))
        | Kind::Forbidden
        | Kind::NotFound
        | Kind::Conflict(_)
        | Kind::Unsupported
        | Kind::TooMany(ThrottleRefusal {
            who: Throttled::Account | Throttled::Address | Throttled::Key,
            ..
        })
        | Kind::Unavailable(
            Unavailability::Refused
            | Unavailability::Unknown
            | Unavailability::Busy
            | Unavailability::Overtaken,
        )
        | Kind::Internal => {}
    }
    let wait = |who| Kind::TooMany(ThrottleRefusal { who, retry_after_secs: 900 });
    vec![
        Kind::Malformed("password"),
        Kind::Unauthenticated,
        Kind::Dead(DeadReason::Unknown),
        Kind::Dead(DeadReason::Expired),
        Kind::Dead(DeadReason::Ended(Why::LoggedOut)),
        Kind::Dead(DeadReason::Ended(Why::UserDeleted)),
        Kind::Forbidden,
        Kind::NotFound,
        Kind::Conflict("email"),
        Kind::Unsupported,
        wait(Throttled::Account),
        wait(Throttled::Address),
        wait(Throttled::Key),
        Kind::Unavailable(Unavailability::Refused),
        Kind::Unavailable(Unavailability::Unknown),
        Kind::Unavailable(Unavailability::Busy),
        Kind::Unavailable(Unavailability::Overtaken),
        Kind::Internal,
    ]
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
    if std::env::var_os("EXEUNT_BLESS").is_some() {
        std::fs::write(path, &table).unwrap();
    }
    let recorded = std::fs::read_to_string(path).unwrap();
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
