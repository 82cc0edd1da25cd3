//! The body of a request. It reports to its connection that the request was read to its end.

use std::pin::pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use bytes::Bytes;
use futures_util::FutureExt;
use http::StatusCode;
use http_body_util::{BodyExt, LengthLimitError, Limited};
use hyper::body::{Body as _, Incoming};

use super::{Response, plain};

/// Whether a connection has received anything that no request has read. If so, the rest of a request may still be on
/// its way: a next request cannot be read from there.
#[derive(Clone, Debug, Default)]
pub struct UnreadInput(Arc<AtomicBool>);

/// The body of a request.
pub struct RequestBody {
    source: Source,
    unread: UnreadInput,
}

/// Where the body comes from.
enum Source {
    /// It was read together with its head.
    Whole(Bytes),
    /// The HTTP library reads it.
    Coming(Incoming),
}

impl UnreadInput {
    /// The connection has received something.
    pub fn received(&self) {
        self.0.store(true, Ordering::Relaxed);
    }

    /// Whether there is any.
    pub fn is_any(&self) -> bool {
        self.0.load(Ordering::Relaxed)
    }

    fn all_read(&self) {
        self.0.store(false, Ordering::Relaxed);
    }
}

impl RequestBody {
    /// A body that was read together with its head.
    pub fn whole(body: Bytes, unread: UnreadInput) -> Self {
        Self::new(body.is_empty(), Source::Whole(body), unread)
    }

    /// A body that the HTTP library reads.
    pub fn coming(body: Incoming, unread: UnreadInput) -> Self {
        Self::new(body.is_end_stream(), Source::Coming(body), unread)
    }

    fn new(is_empty: bool, source: Source, unread: UnreadInput) -> Self {
        if is_empty {
            unread.all_read();
        } else {
            // Also for a body that arrived together with an earlier request.
            unread.received();
        }
        Self { source, unread }
    }

    /// What its connection has received and not read.
    pub fn unread(&self) -> UnreadInput {
        self.unread.clone()
    }

    /// Reads the body to its end.
    ///
    /// # Errors
    /// The response to send: 413 over the limit in bytes, 408 if it did not arrive in time, 400 if it broke off.
    pub async fn read(self, bytes_max: usize, secs_max: u64) -> Result<Bytes, Response> {
        let body = match self.source {
            Source::Whole(body) if body.len() <= bytes_max => {
                self.unread.all_read();
                return Ok(body);
            }
            Source::Whole(_) => return Err(plain(StatusCode::PAYLOAD_TOO_LARGE)),
            Source::Coming(body) => body,
        };
        let mut reading = pin!(Limited::new(body, bytes_max).collect());
        let arrived = match reading.as_mut().now_or_never() {
            // Most bodies arrive together with the head: only the others need a timer.
            Some(whole) => Ok(whole),
            None => tokio::time::timeout(Duration::from_secs(secs_max), reading).await,
        };
        match arrived {
            Ok(Ok(collected)) => {
                self.unread.all_read();
                Ok(collected.to_bytes())
            }
            Ok(Err(error)) if error.is::<LengthLimitError>() => Err(plain(StatusCode::PAYLOAD_TOO_LARGE)),
            Ok(Err(_)) => Err(plain(StatusCode::BAD_REQUEST)),
            Err(_) => Err(plain(StatusCode::REQUEST_TIMEOUT)),
        }
    }
}
