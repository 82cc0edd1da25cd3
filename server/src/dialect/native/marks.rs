//! Reading marks: `/v1/marks` (pages) and `/v1/snapshot`. The stream of marks is in `feed.rs`.

use exeunt_core::{RealmId, Stamp};
use http::StatusCode;
use serde_json::json;

use super::caller::Caller;
use super::{Reply, error, mark, wire};
use crate::authority::Position;
use crate::error::{Error, Kind, Result, Unavailability};
use crate::http::Request;
use crate::time::looks_like_a_time;

/// Marks on a page by default.
const PAGE_USUAL: u32 = 100;
/// Stands for the earliest position in the log. A caller that uses it accepts that older marks are missing.
const OLDEST: &str = "oldest";

pub(super) async fn page(request: Request, caller: Caller) -> Reply {
    let limit = wire::parsed(&request, "limit")?.unwrap_or(PAGE_USUAL);
    let authority = &request.app.authority;
    let (after, end) = (wire::parameter(&request, "after"), authority.position().await?);
    let after = match after.as_deref() {
        Some(OLDEST) => Some(authority.oldest().await?),
        after => place("after", after, end)?,
    };
    let Some(after) = after else { return Ok(error::gone()) };
    match authority.marks(caller.view(&request), after, limit).await {
        Ok(page) => {
            let items: Vec<_> = page.marks.iter().map(mark::mark).collect();
            let position = wire::position(page.position);
            // At the end there is no next page yet, but a position from which to continue later.
            let next = (page.position.stamp < end.stamp).then_some(&position);
            let body = json!({ "items": items, "next": next, "position": position });
            Ok(wire::json(StatusCode::OK, &body))
        }
        Err(error) if error.kind() == Kind::NotFound => Ok(error::gone()),
        Err(error) => Err(error.into()),
    }
}

/// All pages have the position of the first one: marks that are replaced while pages are read are in the feed after
/// that position.
pub(super) async fn snapshot(request: Request, caller: Caller) -> Reply {
    let end = request.app.authority.position().await?;
    let Some((upto, after)) = snapshot_place(&request, end)? else { return Ok(error::gone()) };
    let page = request.app.authority.snapshot(caller.view(&request), after, upto).await?;
    let position = wire::position(Position { stamp: upto, ..end });
    let items: Vec<_> = page.marks.iter().map(mark::mark).collect();
    let next = (page.position.stamp < upto).then(|| format!("{position}.{}", page.position.stamp));
    let body = json!({ "items": items, "next": next, "position": position });
    Ok(wire::json(StatusCode::OK, &body))
}

/// The position of the snapshot, and the stamp after which the page begins. `None` if it is of another incarnation.
fn snapshot_place(request: &Request, end: Position) -> Result<Option<(Stamp, Stamp)>> {
    let Some(cursor) = wire::parameter(request, "cursor") else { return Ok(Some((end.stamp, Stamp::ZERO))) };
    let malformed =
        || Error::malformed("cursor", "the cursor is not valid; expected the next of another page");
    let (position, after) = cursor.rsplit_once('.').ok_or_else(malformed)?;
    let after = Stamp::from_number(after.parse().map_err(|_| malformed())?);
    if !position.contains('.') {
        return Err(malformed());
    }
    Ok(place("cursor", Some(position), end)?.map(|upto| (upto, after.min(upto))))
}

/// Parses the position of a reader: `stamp`, or `incarnation.stamp`. `None` if it is of another incarnation.
///
/// # Errors
/// `Malformed(field)`; `Unavailable` for a position beyond the end of this incarnation: the store was put back to an
/// earlier state.
pub(super) fn place(field: &'static str, after: Option<&str>, now: Position) -> Result<Option<Stamp>> {
    let Some(after) = after else { return Ok(Some(Stamp::ZERO)) };
    let malformed = || {
        let time = ", not a time; `exeunt marks` prints one at its end";
        let time = if looks_like_a_time(after) { time } else { "" };
        Error::malformed(
            field,
            format!("this is not a position; expected one that this server returned{time}"),
        )
    };
    let (incarnation, number) =
        after.rsplit_once('.').map_or((None, after), |(life, number)| (Some(life), number));
    let stamp = Stamp::from_number(number.parse().map_err(|_| malformed())?);
    match incarnation.map(str::parse::<RealmId>).transpose().map_err(|_| malformed())? {
        Some(life) if life.0 != now.incarnation.0 => Ok(None),
        None if stamp > now.stamp && looks_like_a_time(number) => Err(malformed()),
        _ if stamp > now.stamp => Err(Error::new(
            Kind::Unavailable(Unavailability::Refused),
            "this position is beyond the end of the log: the store was put back to an earlier state without declaring a \
             restore; stop the server and declare it: exeunt restore --in-place",
        )),
        _ => Ok(Some(stamp)),
    }
}
