//! Delays the close of a connection while the client still sends. Otherwise the system would send a reset, which may
//! reach the client before the response (RFC 9112 §9.6).

use std::io::{self, IoSlice};
use std::pin::Pin;
use std::task::{Context, Poll, ready};
use std::time::Duration;

use bytes::Bytes;
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::time::{Sleep, sleep};

use crate::http::UnreadInput;

/// Seconds for which input is read and discarded before a connection is closed.
const LINGER_SECS: u64 = 2;
/// The most bytes that are discarded.
const LINGER_BYTES_MAX: usize = 1 << 20;
/// Bytes that are discarded at a time.
const LINGER_BLOCK_BYTES: usize = 4096;

/// A connection that lets the client finish sending if a request was not read to its end. It sits above TLS: only
/// application data counts, not the messages of the handshake.
pub struct LingeringClose<C> {
    connection: C,
    /// Bytes that were already read; they are read again first.
    first: Bytes,
    unread: UnreadInput,
    /// While input is discarded: the timer, and how many bytes may still be discarded.
    left: Option<(Pin<Box<Sleep>>, usize)>,
}

impl<C> LingeringClose<C> {
    /// A connection on which nothing was received yet.
    pub fn new(connection: C) -> Self {
        Self { connection, first: Bytes::new(), unread: UnreadInput::default(), left: None }
    }

    /// What it has received and no request has read: the bodies of its requests report here.
    pub fn unread(&self) -> UnreadInput {
        self.unread.clone()
    }

    /// Gives back bytes that were read; they are read again.
    pub fn begin_with(&mut self, first: Bytes) {
        self.first = first;
    }
}

impl<C: AsyncRead + Unpin> LingeringClose<C> {
    /// Reads and discards until the client has finished, the time is over, or the byte limit is reached.
    fn poll_linger(&mut self, cx: &mut Context<'_>) -> Poll<()> {
        let start = || (Box::pin(sleep(Duration::from_secs(LINGER_SECS))), LINGER_BYTES_MAX);
        let (end, left) = self.left.get_or_insert_with(start);
        while *left > 0 && end.as_mut().poll(cx).is_pending() {
            let mut block = [0; LINGER_BLOCK_BYTES];
            let mut block = ReadBuf::new(&mut block);
            match ready!(Pin::new(&mut self.connection).poll_read(cx, &mut block)) {
                Ok(()) if !block.filled().is_empty() => *left = left.saturating_sub(block.filled().len()),
                // The client has finished, or is gone.
                Ok(()) | Err(_) => break,
            }
        }
        Poll::Ready(())
    }
}

impl<C: AsyncRead + Unpin> AsyncRead for LingeringClose<C> {
    fn poll_read(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        if !self.first.is_empty() {
            let bytes = self.first.len().min(buffer.remaining());
            buffer.put_slice(&self.first.split_to(bytes));
            return Poll::Ready(Ok(()));
        }
        let before = buffer.filled().len();
        let polled = Pin::new(&mut self.connection).poll_read(cx, buffer);
        if buffer.filled().len() > before {
            self.unread.received();
        }
        polled
    }
}

impl<C: AsyncRead + AsyncWrite + Unpin> AsyncWrite for LingeringClose<C> {
    fn poll_write(mut self: Pin<&mut Self>, cx: &mut Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>> {
        Pin::new(&mut self.connection).poll_write(cx, bytes)
    }

    fn poll_write_vectored(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        pieces: &[IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        Pin::new(&mut self.connection).poll_write_vectored(cx, pieces)
    }

    fn is_write_vectored(&self) -> bool {
        self.connection.is_write_vectored()
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.connection).poll_flush(cx)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        if self.left.is_none() {
            ready!(Pin::new(&mut self.connection).poll_shutdown(cx))?;
        }
        if self.unread.is_any() {
            ready!(self.poll_linger(cx));
        }
        Poll::Ready(Ok(()))
    }
}
