//! `GET /v1/backup`: a copy of the whole store, with its length (so that one that broke off is never taken for whole)
//! and its digest (RFC 9530).

use std::convert::Infallible;
use std::time::Duration;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use bytes::Bytes;
use http::header::{CONTENT_DISPOSITION, CONTENT_LENGTH, CONTENT_TYPE};
use http::{HeaderName, Method, StatusCode};
use http_body::Frame;
use http_body_util::BodyExt;
use http_body_util::channel::{Channel, Sender};

use super::caller::{Caller, Need};
use super::{Reply, serve};
use crate::authority::backup::Backup;
use crate::exchange::{Answer, Body, Exchange, Response, empty};

/// Bytes sent at once.
const PIECE_BYTES: usize = 256 * 1024;
/// Pieces that wait for a slow reader.
const PIECES_MAX: usize = 2;
/// Seconds that a reader may be stuck with one piece before its backup is cut off.
const STUCK_SECS: u64 = 30;
/// RFC 9530 §3: the digest of the whole.
const REPR_DIGEST: HeaderName = HeaderName::from_static("repr-digest");

pub(super) fn backup(x: Exchange) -> Answer {
    serve(x, Need::Change, run)
}

async fn run(mut x: Exchange, caller: Caller) -> Reply {
    caller.must_hold_all_realms()?;
    let (app, head, call) = (x.app.clone(), x.method() == Method::HEAD, caller.call(&mut x));
    let mut response = empty(StatusCode::OK);
    response.headers.set(&CONTENT_TYPE, "application/vnd.sqlite3");
    if head {
        // Nobody copies a store to tell its length.
        return Ok(response);
    }
    let backup = app.authority.backup(&call).await?;
    describe(&mut response, &backup);
    let (sender, body) = Channel::<Bytes, Infallible>::new(PIECES_MAX);
    tokio::spawn(send(backup, sender));
    response.body = Body::Stream(body.boxed());
    Ok(response)
}

fn describe(response: &mut Response, backup: &Backup) {
    let digest = format!("sha-256=:{}:", STANDARD.encode(backup.sha256));
    response.headers.set(&CONTENT_LENGTH, backup.bytes.to_string());
    response.headers.set(&REPR_DIGEST, digest);
    response.headers.set(&CONTENT_DISPOSITION, "attachment; filename=\"exeunt.backup\"");
}

/// Ends when all is sent, the reader goes or is stuck; before the end the connection is closed, since the length was
/// promised.
async fn send(mut backup: Backup, mut sender: Sender<Bytes, Infallible>) {
    loop {
        let read = tokio::task::spawn_blocking(move || (backup.read(PIECE_BYTES), backup)).await;
        let Ok((Ok(piece), rest)) = read else {
            tracing::error!("a backup broke off: its copy could not be read");
            return;
        };
        if piece.is_empty() {
            return;
        }
        backup = rest;
        let sending = sender.send(Frame::data(Bytes::from(piece)));
        if !matches!(tokio::time::timeout(Duration::from_secs(STUCK_SECS), sending).await, Ok(Ok(()))) {
            tracing::warn!("a backup broke off: whoever asked for it took no more");
            return;
        }
    }
}
