//! `GET /v1/backup`: a copy of the whole store, with its length (so that a truncated copy is detected) and its digest
//! (RFC 9530).

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use http::header::{CONTENT_DISPOSITION, CONTENT_LENGTH};
use http::{HeaderName, Method};

use super::Reply;
use super::caller::Caller;
use crate::authority::backup::Backup;
use crate::http::Request;
use crate::http::stream::{self, Opened, Stream};

/// The type of the copy.
const TYPE: &str = "application/vnd.sqlite3";
/// Bytes per read.
const PIECE_BYTES: usize = 64 * 1024;
/// RFC 9530 §3: the digest of the whole.
const REPR_DIGEST: HeaderName = HeaderName::from_static("repr-digest");

pub(super) async fn run(mut request: Request, caller: Caller) -> Reply {
    caller.must_hold_all_realms()?;
    if request.method() == Method::HEAD {
        // Without the length: it would need a copy of the store.
        return Ok(stream::head(TYPE));
    }
    let opened = Opened::new(&request, &caller.key)?;
    let call = caller.call(&mut request);
    let backup = request.app.authority.backup(&call).await?;
    let described = described(&backup);
    let mut response = opened.answer(TYPE, |stream| send(backup, stream));
    for (name, value) in described {
        response.headers.set(&name, value);
    }
    Ok(response)
}

/// The headers of a copy.
fn described(backup: &Backup) -> [(HeaderName, String); 3] {
    [
        (CONTENT_LENGTH, backup.bytes.to_string()),
        (REPR_DIGEST, format!("sha-256=:{}:", STANDARD.encode(backup.sha256))),
        (CONTENT_DISPOSITION, "attachment; filename=\"exeunt.backup\"".to_owned()),
    ]
}

/// Ends when all is sent, the client disconnects or is stuck, or the key is removed. If it ends early, the connection
/// is closed, since the length was promised.
async fn send(mut backup: Backup, mut stream: Stream) {
    loop {
        let read = tokio::task::spawn_blocking(move || (backup.read(PIECE_BYTES), backup)).await;
        let Ok((Ok(piece), rest)) = read else {
            tracing::error!("a backup was cut off: its copy could not be read");
            return;
        };
        if piece.is_empty() {
            return;
        }
        backup = rest;
        if !stream.send(piece).await {
            tracing::warn!("a backup was cut off: the client stopped reading, or its key was removed");
            return;
        }
    }
}
