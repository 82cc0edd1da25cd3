//! `GET /v1/audit`: who changed what and who ended what, newest first.

use exeunt_core::Stamp;
use http::StatusCode;
use serde_json::{Value, json};

use super::caller::Caller;
use super::{Reply, mark, wire};
use crate::authority::AuditPlace;
use crate::authority::feed::AuditLine;
use crate::error::{Error, Result};
use crate::http::Request;

pub(super) async fn run(request: Request, caller: Caller) -> Reply {
    let (lines, next) = request.app.authority.audit(caller.view(&request), before(&request)?).await?;
    let items = lines.iter().map(line);
    let next = next.map(|place| format!("{}.{}", place.entry, place.mark));
    Ok(wire::json(StatusCode::OK, &wire::page(items.collect(), next)))
}

/// A line of the trail.
pub(super) fn line(line: &AuditLine) -> Value {
    match line {
        AuditLine::Entry(entry) => json!({ "change": wire::entry(entry) }),
        AuditLine::Mark(mark) => json!({ "mark": mark::mark(mark) }),
    }
}

fn before(request: &Request) -> Result<AuditPlace> {
    let Some(text) = wire::parameter(request, "cursor") else { return Ok(AuditPlace::NEWEST) };
    let place = text.split_once('.').and_then(|(entry, mark)| {
        Some(AuditPlace { entry: entry.parse().ok()?, mark: Stamp::from_number(mark.parse().ok()?) })
    });
    place.ok_or_else(|| {
        Error::malformed("cursor", "the cursor is not valid; expected the next of another page")
    })
}
