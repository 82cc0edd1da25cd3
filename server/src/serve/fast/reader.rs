//! Reading requests off a connection, one after the other.

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

/// In how many pieces a request may come: many programs send the head and the body each by itself.
const PIECES_MAX: usize = 4;
/// Seconds for which a body is waited for here. What takes longer is for the HTTP library, which has the limit for it.
const BODY_SECS: u64 = 1;

/// What was read of a connection and is not answered yet.
pub(super) struct Reader {
    buffer: Box<[u8]>,
    filled: usize,
    patience: Duration,
    /// Goes off when nothing was asked for some time. It is not wound up for each request, which would cost more than
    /// the rest of the reading: it goes off once in a while, and looks whether anything was asked since. For a request
    /// of which only a part came it is wound up.
    alarm: Pin<Box<Sleep>>,
    asked: bool,
    progress: Progress,
}

/// How much of a request has come.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Progress {
    /// Nothing, after another request.
    Nothing,
    /// Not the whole head, which must be there by this time.
    Head(Instant),
    /// The head, and not the whole body.
    Body,
}

/// Why no request came that is answered here.
pub(super) enum End {
    /// Something for the HTTP library came.
    Other,
    /// The other end is gone, or has asked for nothing for too long.
    Over,
}

/// What waiting for bytes came to.
enum Waited {
    More,
    Gone,
    TooLong,
}

impl Reader {
    /// Nothing was read yet. The head of the first request must be there by `first_by`, that of another one so many
    /// seconds after it has begun; it begins so many seconds after the one before, or up to twice as many.
    pub(super) fn new(patience_secs: u64, first_by: Instant) -> Self {
        let patience = Duration::from_secs(patience_secs);
        let buffer = vec![0; REQUEST_BYTES_MAX].into();
        let (alarm, progress) = (Box::pin(sleep_until(first_by)), Progress::Head(first_by));
        Self { buffer, filled: 0, patience, alarm, asked: false, progress }
    }

    /// What was read and not answered; `None`: nothing.
    pub(super) fn rest(&self) -> Option<Remainder> {
        let head_by = match self.progress {
            Progress::Head(by) => Some(by),
            Progress::Nothing | Progress::Body => None,
        };
        let bytes = Bytes::copy_from_slice(&self.buffer[..self.filled]);
        (self.filled > 0).then_some(Remainder { bytes, head_by })
    }

    /// The next request. May be dropped while it waits, and asked again.
    pub(super) async fn next<C: AsyncRead + Unpin>(
        &mut self,
        inbound: &Inbound,
        connection: &mut C,
    ) -> Result<Parsed, End> {
        for _ in 0..PIECES_MAX {
            match poll_fn(|cx| self.poll_more(cx, connection)).await {
                Waited::More => {}
                // What has begun gets its answer from the HTTP library.
                Waited::Gone if self.filled > 0 => return Err(End::Other),
                // That its body is late is answered by the HTTP library.
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

    /// What has begun must be there in this time.
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
