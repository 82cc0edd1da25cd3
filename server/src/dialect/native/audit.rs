//! `GET /v1/audit`: who changed what and who ended what, newest first.

use exeunt_core::Stamp;
use http::StatusCode;
use serde_json::{Value, json};

use super::caller::Need;
use super::{mark, serve, wire};
use crate::authority::AuditPlace;
use crate::authority::feed::AuditLine;
use crate::error::{Error, Result};
use crate::http::{Answer, Exchange};

pub(super) fn page(x: Exchange) -> Answer {
    serve(x, Need::Read, |x, caller| async move {
        let (lines, next) = x.app.authority.audit(caller.view(&x), before(&x)?).await?;
        let items = lines.iter().map(line);
        let next = next.map(|place| format!("{}.{}", place.entry, place.mark));
        Ok(wire::json(StatusCode::OK, &wire::page(items.collect(), next)))
    })
}

/// A line of the trail.
pub(super) fn line(line: &AuditLine) -> Value {
    match line {
        AuditLine::Entry(entry) => json!({ "change": wire::entry(entry) }),
        AuditLine::Mark(mark) => json!({ "mark": mark::mark(mark) }),
    }
}

fn before(x: &Exchange) -> Result<AuditPlace> {
    let Some(text) = wire::parameter(x, "cursor") else { return Ok(AuditPlace::NEWEST) };
    let place = text.split_once('.').and_then(|(entry, mark)| {
        Some(AuditPlace { entry: entry.parse().ok()?, mark: Stamp::from_number(mark.parse().ok()?) })
    });
    place.ok_or_else(|| Error::malformed("cursor", "the cursor is the next of another page"))
}
