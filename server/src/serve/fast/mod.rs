//! The fast path: the requests that are made most, checks and logouts, are read and answered here, by the same functions
//! and with the same bytes as behind the HTTP library, without its machinery for bodies that come in pieces.
//!
//! It takes only what is simple: a whole request of HTTP/1.1 with nothing after it. At the first request that is
//! anything else, the connection goes to the HTTP library with all that was read, for good; so nothing is refused here,
//! and there is one place for what is unusual. See `docs/decisions/0006-hot-front.md`.

mod answer;
mod reader;
mod request;

use std::pin::pin;

use bytes::Bytes;
use http::header::CONNECTION;
use tokio::io::{AsyncRead, AsyncWrite, AsyncWriteExt};
use tokio::time::Instant;

use crate::http::RequestBody;
use crate::http::consumed::Whole;
use crate::serve::router::Inbound;
use reader::{End, Reader};
use request::Parsed;

/// Room for an answer that is kept from one to the next, in bytes.
const ANSWER_BYTES_KEPT: usize = 16 * 1024;

/// What was read and not answered.
pub struct Remainder {
    /// The bytes.
    pub bytes: Bytes,
    /// By when the head of the request that they begin must have arrived; `None`: it is there, or nothing has begun
    /// after another request.
    pub head_by: Option<Instant>,
}

/// Answers what it can, one request after the other. From what it returns the HTTP library goes on; `None`: the
/// connection is over.
pub async fn serve<C>(inbound: &Inbound, connection: &mut C, settled: &Whole) -> Option<Remainder>
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
        if body.is_empty() {
            settled.set();
        }
        let response = inbound.answer(matched, head, RequestBody::Whole(body), settled.clone()).await;
        inbound.app.metrics.fast.inc();
        let closes = response.headers.has(&CONNECTION);
        // TLS keeps what did not fit until it is asked again.
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
