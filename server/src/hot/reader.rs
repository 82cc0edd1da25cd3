//! Reading requests off a connection, one after the other.

use std::future::poll_fn;
use std::pin::Pin;
use std::task::{Context, Poll};
use std::time::Duration;

use bytes::Bytes;
use tokio::io::{AsyncRead, ReadBuf};
use tokio::time::{Sleep, sleep};

use super::request::{self, Asked, REQUEST_BYTES_MAX, Unread};
use crate::front::Entrance;

/// In how many pieces a request may come: many programs send the head and the body each by itself.
const PIECES_MAX: usize = 4;

/// What was read of a connection and is not answered yet.
pub(super) struct Reader {
    buffer: Box<[u8]>,
    filled: usize,
    patience: Duration,
    /// Goes off when nothing was asked for some time. It is not wound up for each request, which would cost more than
    /// the rest of the reading: it goes off once in a while, and looks whether anything was asked since.
    alarm: Pin<Box<Sleep>>,
    asked: bool,
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
    /// Nothing was read yet. A request must begin within so many seconds after the last one, and be whole within as
    /// many more; for a connection without one, up to twice as many.
    pub(super) fn new(patience_secs: u64) -> Self {
        let patience = Duration::from_secs(patience_secs);
        let buffer = vec![0; REQUEST_BYTES_MAX].into();
        Self { buffer, filled: 0, patience, alarm: Box::pin(sleep(patience)), asked: false }
    }

    /// What was read and not answered; `None`: nothing.
    pub(super) fn rest(&self) -> Option<Bytes> {
        (self.filled > 0).then(|| Bytes::copy_from_slice(&self.buffer[..self.filled]))
    }

    /// The next request. May be dropped while it waits, and asked again.
    pub(super) async fn next<C: AsyncRead + Unpin>(
        &mut self,
        entrance: &Entrance,
        connection: &mut C,
    ) -> Result<Asked, End> {
        for _ in 0..PIECES_MAX {
            match poll_fn(|cx| self.poll_more(cx, connection)).await {
                Waited::More => {}
                // What has begun gets its answer from the HTTP library.
                Waited::Gone | Waited::TooLong if self.filled > 0 => return Err(End::Other),
                Waited::Gone | Waited::TooLong => return Err(End::Over),
            }
            match request::read(entrance, &self.buffer[..self.filled]) {
                Ok(asked) => {
                    (self.filled, self.asked) = (0, true);
                    return Ok(asked);
                }
                Err(Unread::Other) => return Err(End::Other),
                Err(Unread::Partial) => {}
            }
        }
        Err(End::Other)
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
