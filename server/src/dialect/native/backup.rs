//! `GET /v1/backup`: a copy of the whole store, with its length (so that a truncated copy is detected) and its digest
//! (RFC 9530).

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use http::header::{CONTENT_DISPOSITION, CONTENT_LENGTH, CONTENT_TYPE};
use http::{HeaderName, Method, StatusCode};

use super::Reply;
use super::caller::Caller;
use super::stream::Stream;
use crate::authority::backup::Backup;
use crate::http::{Request, Response, empty};

/// Bytes per read.
const PIECE_BYTES: usize = 64 * 1024;
/// RFC 9530 §3: the digest of the whole.
const REPR_DIGEST: HeaderName = HeaderName::from_static("repr-digest");

pub(super) async fn run(mut request: Request, caller: Caller) -> Reply {
    caller.must_hold_all_realms()?;
    let (app, head, call) =
        (request.app.clone(), request.method() == Method::HEAD, caller.call(&mut request));
    let key = caller.key;
    let mut response = empty(StatusCode::OK);
    response.headers.set(&CONTENT_TYPE, "application/vnd.sqlite3");
    if head {
        // Without the length: it would need a copy of the store.
        return Ok(response);
    }
    let (stream, body) = Stream::open(&request, &key)?;
    let backup = app.authority.backup(&call).await?;
    describe(&mut response, &backup);
    tokio::spawn(send(backup, stream));
    response.body = body;
    Ok(response)
}

fn describe(response: &mut Response, backup: &Backup) {
    let digest = format!("sha-256=:{}:", STANDARD.encode(backup.sha256));
    response.headers.set(&CONTENT_LENGTH, backup.bytes.to_string());
    response.headers.set(&REPR_DIGEST, digest);
    response.headers.set(&CONTENT_DISPOSITION, "attachment; filename=\"exeunt.backup\"");
}

/// Ends when all is sent, the client disconnects or is stuck, or the key is removed. If it ends early, the connection
/// is closed, since the length was promised.
async fn send(mut backup: Backup, mut stream: Stream) {
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
        if !stream.send(piece).await {
            tracing::warn!("a backup broke off: whoever asked for it took no more, or its key was removed");
            return;
        }
    }
}
