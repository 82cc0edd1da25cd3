//! Liveness, readiness, metrics, and the description of the interface.

use http::StatusCode;
use serde_json::json;

use super::caller::Caller;
use super::{Reply, wire};
use crate::authority::{Disk, FREE_BYTES_WARNING};
use crate::error::{Error, Kind, Unavailability};
use crate::http::{Request, Response, answer};

/// The description of this dialect (OpenAPI 3.1). A test compares it with the routes.
pub(super) const OPENAPI: &str = include_str!("openapi.json");
/// Bytes of memory that a live session needs, all included: see `docs/performance.md`.
const BYTES_PER_SESSION: u64 = 400;

pub(super) async fn live(_: Request) -> Response {
    wire::json(StatusCode::OK, &json!({ "status": "ok" }))
}

/// 503 while the store is unavailable or memory is incomplete. Warnings do not make the server unready. The response is
/// public, so it has no number of sessions: `/metrics` has it.
pub(super) async fn ready(request: Request) -> Reply {
    let authority = &request.app.authority;
    // The store first: its error may say more than that memory is incomplete.
    authority.position().await.map_err(away)?;
    authority.ready().map_err(away)?;
    let sessions = authority.sessions_in_memory();
    let bytes = u64::try_from(sessions).unwrap_or(u64::MAX).saturating_mul(BYTES_PER_SESSION);
    let bound = request.app.config.limits.memory_warn_bytes;
    let warning =
        format!("live sessions take more memory than the {bound} bytes of limits.memory_warn_bytes");
    let clock = request.app.env.difference();
    let clock = clock.is_any().then(|| clock.to_string());
    let disk = authority.store_figures().and_then(|(.., disk)| room(disk));
    let memory = (bytes > bound).then_some(warning);
    let warnings: Vec<_> = memory.into_iter().chain(disk).chain(clock).collect();
    Ok(wire::json(StatusCode::OK, &json!({ "status": "ready", "warnings": warnings })))
}

/// A warning if the disk is full or nearly full.
fn room(disk: Disk) -> Option<String> {
    if disk.refusing {
        return Some(
            "the disk of the store takes no more: logins and logouts are refused, checks are answered; make room"
                .to_owned(),
        );
    }
    let free = disk.free_bytes.filter(|free| *free < FREE_BYTES_WARNING)?;
    let least = FREE_BYTES_WARNING >> 20;
    Some(format!("{} MiB are free on the disk of the store, fewer than {least}: make room", free >> 20))
}

/// Says what is wrong, for the operator; the log has the details.
fn away(error: Error) -> Error {
    let public = match error.kind() {
        Kind::Unavailable(Unavailability::Unknown)
            if error.public() != Error::unavailable(Unavailability::Unknown).public() =>
        {
            return error;
        }
        Kind::Unavailable(Unavailability::Unknown) => {
            "the store failed in the middle of a change; it is being opened again, and no check is answered until then"
        }
        Kind::Unavailable(_) => "the store does not answer",
        _ => return error,
    };
    let because = error.private().map(str::to_owned);
    because.into_iter().fold(Error::new(error.kind(), public), Error::because)
}

pub(super) async fn metrics(request: Request) -> Response {
    answer(
        StatusCode::OK,
        "application/openmetrics-text; version=1.0.0; charset=utf-8",
        request.app.metrics_page(),
    )
}

pub(super) async fn openapi(_: Request, _: Caller) -> Reply {
    Ok(answer(StatusCode::OK, "application/json", OPENAPI))
}

/// The page that responses of a deprecated dialect link to, unless a successor is configured.
pub(super) async fn moving_on(_: Request) -> Response {
    answer(StatusCode::OK, "text/html; charset=utf-8", include_str!("moving_on.html"))
}
