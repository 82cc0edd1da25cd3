//! Reads requests from a connection, one after the other.

use std::future::poll_fn;
use std::pin::Pin;
use std::task::{Context, Poll};
use std::time::Duration;

use bytes::Bytes;
use tokio::io::{AsyncRead, ReadBuf};
use tokio::time::{Instant, Sleep, sleep, sleep_until};

use super::Remainder;
use super::request::{self, Parsed, REQUEST_BYTES_MAX, Unread};
use crate::serve::router::Inbound;

/// The most pieces in which a request may arrive: many programs send the head and the body separately.
const PIECES_MAX: usize = 4;
/// Seconds to wait for a body here. A slower one goes to the HTTP library, which enforces the configured limit.
const BODY_SECS: u64 = 1;

/// Reads a connection; holds the bytes of requests not answered yet.
pub(super) struct Reader {
    buffer: Box<[u8]>,
    filled: usize,
    patience: Duration,
    /// Expires when no request arrived for some time. It is not reset for each request, which would cost more than the
    /// rest of the reading: it expires once per period and checks whether a request arrived since. It is reset when a
    /// request has arrived only in part.
    alarm: Pin<Box<Sleep>>,
    asked: bool,
    progress: Progress,
}

/// How much of the next request has arrived.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Progress {
    /// Nothing since the last request.
    Nothing,
    /// Less than the head, which must be complete by this time.
    Head(Instant),
    /// The head, and part of the body.
    Body,
}

/// Why the fast path ends.
pub(super) enum End {
    /// The request is one for the HTTP library.
    Other,
    /// The client is gone, or has sent no request for too long.
    Over,
}

/// The result of waiting for bytes.
enum Waited {
    More,
    Gone,
    TooLong,
}

impl Reader {
    /// A reader that has read nothing yet. The head of the first request must be complete by `first_by`, that of a
    /// later one `patience_secs` after its first byte. The idle limit between requests is one to two times
    /// `patience_secs`.
    pub(super) fn new(patience_secs: u64, first_by: Instant) -> Self {
        let patience = Duration::from_secs(patience_secs);
        let buffer = vec![0; REQUEST_BYTES_MAX].into();
        let (alarm, progress) = (Box::pin(sleep_until(first_by)), Progress::Head(first_by));
        Self { buffer, filled: 0, patience, alarm, asked: false, progress }
    }

    /// The bytes read but not answered yet; `None` if there are none.
    pub(super) fn rest(&self) -> Option<Remainder> {
        let head_by = match self.progress {
            Progress::Head(by) => Some(by),
            Progress::Nothing | Progress::Body => None,
        };
        let bytes = Bytes::copy_from_slice(&self.buffer[..self.filled]);
        (self.filled > 0).then_some(Remainder { bytes, head_by })
    }

    /// The next request. Cancel safe: it may be dropped while it waits, and called again.
    pub(super) async fn next<'a, C: AsyncRead + Unpin>(
        &mut self,
        inbound: &'a Inbound,
        connection: &mut C,
    ) -> Result<Parsed<'a>, End> {
        for _ in 0..PIECES_MAX {
            match poll_fn(|cx| self.poll_more(cx, connection)).await {
                Waited::More => {}
                // The HTTP library answers a request that broke off.
                Waited::Gone if self.filled > 0 => return Err(End::Other),
                // The HTTP library answers a request whose body is late.
                Waited::TooLong if self.progress == Progress::Body => return Err(End::Other),
                Waited::Gone | Waited::TooLong => return Err(End::Over),
            }
            match request::read(inbound, &self.buffer[..self.filled]) {
                Ok(asked) => {
                    (self.filled, self.asked, self.progress) = (0, true, Progress::Nothing);
                    return Ok(asked);
                }
                Err(Unread::Other) => return Err(End::Other),
                Err(Unread::Head) if self.progress == Progress::Nothing => {
                    self.wind_up(self.patience);
                    self.progress = Progress::Head(self.alarm.deadline());
                }
                Err(Unread::Body) if self.progress != Progress::Body => {
                    self.wind_up(Duration::from_secs(BODY_SECS));
                    self.progress = Progress::Body;
                }
                Err(Unread::Head | Unread::Body) => {}
            }
        }
        Err(End::Other)
    }

    /// Resets the alarm for a request that has begun.
    fn wind_up(&mut self, patience: Duration) {
        self.alarm.set(sleep(patience));
        self.asked = false;
    }

    fn poll_more<C: AsyncRead + Unpin>(&mut self, cx: &mut Context<'_>, connection: &mut C) -> Poll<Waited> {
        let mut space = ReadBuf::new(&mut self.buffer[self.filled..]);
        match Pin::new(connection).poll_read(cx, &mut space) {
            Poll::Ready(Ok(())) if !space.filled().is_empty() => {
                self.filled += space.filled().len();
                return Poll::Ready(Waited::More);
            }
            Poll::Ready(_) => return Poll::Ready(Waited::Gone),
            Poll::Pending => {}
        }
        while self.alarm.as_mut().poll(cx).is_ready() {
            if !self.asked {
                return Poll::Ready(Waited::TooLong);
            }
            self.asked = false;
            let again = self.alarm.deadline() + self.patience;
            self.alarm.as_mut().reset(again);
        }
        Poll::Pending
    }
}
