//! The fast path: reads and answers the most frequent requests, checks and logouts. It calls the same functions and
//! sends the same bytes as the HTTP library, without its machinery for bodies that arrive in pieces.
//!
//! It takes only simple requests: a whole request of HTTP/1.1 with nothing after it. At the first request that is
//! anything else, the HTTP library takes over the connection for good, with everything that was read. So nothing is
//! refused here, and unusual requests are handled in one place. See `docs/decisions/0006-fast-path.md`.

mod answer;
mod reader;
mod request;

use std::pin::pin;

use bytes::Bytes;
use http::header::CONNECTION;
use tokio::io::{AsyncRead, AsyncWrite, AsyncWriteExt};
use tokio::time::Instant;

use crate::http::RequestBody;
use crate::serve::lingering_close::LingeringClose;
use crate::serve::router::Inbound;
use reader::{End, Reader};
use request::Parsed;

/// The size of the response buffer that is kept between requests, in bytes.
const ANSWER_BYTES_KEPT: usize = 16 * 1024;

/// The bytes read but not answered yet, for the HTTP library.
pub struct Remainder {
    /// The bytes.
    pub bytes: Bytes,
    /// The deadline for the head of the request that the bytes begin; `None` if the head is complete, or if nothing was
    /// received since the last request.
    pub head_by: Option<Instant>,
}

/// Answers simple requests, one after the other. Returns what the HTTP library must continue with; `None` if the
/// connection is over.
pub async fn serve<C>(inbound: &Inbound, connection: &mut LingeringClose<C>) -> Option<Remainder>
where
    C: AsyncRead + AsyncWrite + Unpin,
{
    let mut reader = Reader::new(inbound.app.config.limits.header_secs, inbound.first_by);
    let mut stop = inbound.app.stop.subscribe();
    let mut stopping = pin!(stop.wait_for(|stop| *stop));
    let mut text = Vec::new();
    loop {
        let next = tokio::select! {
            biased;
            next = reader.next(inbound, connection) => next,
            _ = &mut stopping => return reader.rest(),
        };
        let Parsed { matched, head, body } = match next {
            Ok(asked) => asked,
            Err(End::Other) => return reader.rest(),
            Err(End::Over) => return None,
        };
        let body = RequestBody::whole(body, connection.unread());
        let response = inbound.answer(matched, head, body).await;
        inbound.app.metrics.fast.inc();
        let closes = response.headers.has(&CONNECTION);
        // TLS buffers what did not fit until it is flushed.
        let written = answer::write(response, &mut text).await
            && connection.write_all(&text).await.is_ok()
            && connection.flush().await.is_ok();
        if !written || closes {
            return None;
        }
        text.clear();
        text.shrink_to(ANSWER_BYTES_KEPT);
    }
}
