//! Long responses, sent while they are produced: the feed, the export of the audit trail, a backup. Limits bound the bytes
//! that wait for each client, and the streams that each key has open. Every response ends when its key is removed.

use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};
use std::time::Duration;

use bytes::{Bytes, BytesMut};
use exeunt_core::KeyId;
use http::header::CONTENT_TYPE;
use http::{Method, StatusCode};
use http_body::{Body as HttpBody, Frame, SizeHint};
use http_body_util::BodyExt;
use http_body_util::channel::{Channel, Sender};
use http_body_util::combinators::BoxBody;
use tokio::sync::OwnedSemaphorePermit;
use tokio::time::timeout;

use crate::app::App;
use crate::app::shares::Share;
use crate::authority::Key;
use crate::error::{Error, Kind, RETRY_AFTER_SECS, Result, ThrottleRefusal, Throttled, Unavailability};
use crate::http::{Body, Cut, Request, Response, empty};

/// Bytes of one piece of a response.
pub const PIECE_BYTES: usize = 16 * 1024;
/// The most pieces that wait for a slow client: 64 KiB of each stream.
const PIECES_MAX: usize = 4;
/// Seconds that a client may take for one piece before its stream is cut.
const STUCK_SECS: u64 = 30;
/// The largest response that is sent without watching for the removal of its key, in bytes.
const UNWATCHED_BYTES_MAX: usize = 64 * 1024;

/// The writing end of a long response.
pub struct Stream {
    /// The running server.
    pub app: App,
    /// The key of the reader.
    pub key: Arc<Key>,
    sender: Sender<Bytes, Cut>,
    _room: OwnedSemaphorePermit,
    _of_key: Share<KeyId>,
}

/// A stream that nothing writes to yet.
pub struct Opened {
    stream: Stream,
    body: Body,
}

/// A body that is cut off when its key is removed.
struct Watched {
    body: BoxBody<Bytes, Cut>,
    gone: Pin<Box<dyn Future<Output = ()> + Send + Sync>>,
}

/// A whole body in pieces, so that it can be cut off.
struct Pieces(Bytes);

/// Answers with a stream of this type that `write` writes. HEAD is answered with the same headers, and opens no stream.
///
/// # Errors
/// As [`Opened::new`].
pub fn streamed<F>(
    request: &Request,
    key: &Arc<Key>,
    content_type: &'static str,
    write: impl FnOnce(Stream) -> F,
) -> Result<Response>
where
    F: Future<Output = ()> + Send + 'static,
{
    match *request.method() {
        Method::HEAD => Ok(head(content_type)),
        _ => Ok(Opened::new(request, key)?.answer(content_type, write)),
    }
}

/// The response to HEAD for a stream of this type.
pub fn head(content_type: &'static str) -> Response {
    let mut response = empty(StatusCode::OK);
    response.headers.set(&CONTENT_TYPE, content_type);
    response
}

impl Opened {
    /// Opens a stream for this key, for responses that must be prepared before anything is sent.
    ///
    /// # Errors
    /// `TooMany` if the key has reached its limit, `Unavailable(Busy)` if all keys together have.
    pub fn new(request: &Request, key: &Arc<Key>) -> Result<Self> {
        let most = request.app.config.limits.streams_per_key;
        let of_key = request.app.streams_of_keys.take(key.id, most).ok_or_else(|| {
            let kind =
                Kind::TooMany(ThrottleRefusal { who: Throttled::Key, retry_after_secs: RETRY_AFTER_SECS });
            let rule =
                format!("this key has {most} open streams, which is limits.streams_per_key; close one first");
            Error::new(kind, rule)
        })?;
        let room = request.app.feeds.clone().try_acquire_owned();
        let room = room.map_err(|_| Error::unavailable(Unavailability::Busy).because("too many streams"))?;
        let (sender, body) = Channel::new(PIECES_MAX);
        let (app, key) = (request.app.clone(), key.clone());
        let stream = Stream { app, key, sender, _room: room, _of_key: of_key };
        Ok(Self { stream, body: Body::Stream(body.boxed()) })
    }

    /// The response of this type that `write` writes.
    pub fn answer<F>(self, content_type: &'static str, write: impl FnOnce(Stream) -> F) -> Response
    where
        F: Future<Output = ()> + Send + 'static,
    {
        tokio::spawn(write(self.stream));
        let mut response = head(content_type);
        response.body = self.body;
        response
    }
}

impl Stream {
    /// Sends this in pieces. `false` if the client is gone or stuck, or the key was removed.
    pub async fn send(&mut self, bytes: impl Into<Bytes>) -> bool {
        let Self { app, key, sender, .. } = self;
        let mut bytes = bytes.into();
        let sending = async {
            while !bytes.is_empty() {
                let piece = Frame::data(bytes.split_to(bytes.len().min(PIECE_BYTES)));
                let sent = timeout(Duration::from_secs(STUCK_SECS), sender.send(piece)).await;
                if !matches!(sent, Ok(Ok(()))) {
                    return false;
                }
            }
            true
        };
        tokio::select! {
            biased;
            () = app.authority.key_gone(key) => false,
            sent = sending => sent,
        }
    }

    /// Sends these texts in order, without holding all of them in memory.
    pub async fn send_all(&mut self, texts: impl Iterator<Item = String>) -> bool {
        let mut waiting = BytesMut::new();
        for text in texts {
            waiting.extend_from_slice(text.as_bytes());
            while waiting.len() >= PIECE_BYTES {
                if !self.send(waiting.split_to(PIECE_BYTES)).await {
                    return false;
                }
            }
        }
        self.send(waiting).await
    }
}

/// Cuts the response off when its key is removed, so that a slow client gets no more of it.
pub fn watched(mut response: Response, app: &App, key: &Arc<Key>) -> Response {
    let body = match response.body {
        Body::Whole(whole) if whole.len() <= UNWATCHED_BYTES_MAX => {
            response.body = Body::Whole(whole);
            return response;
        }
        Body::Whole(whole) => Pieces(whole).boxed(),
        Body::Stream(body) => body,
    };
    let (app, key) = (app.clone(), key.clone());
    let gone = Box::pin(async move { app.authority.key_gone(&key).await });
    response.body = Body::Stream(Watched { body, gone }.boxed());
    response
}

impl HttpBody for Watched {
    type Data = Bytes;
    type Error = Cut;

    fn poll_frame(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Result<Frame<Bytes>, Cut>>> {
        if self.gone.as_mut().poll(cx).is_ready() {
            return Poll::Ready(Some(Err(Cut)));
        }
        Pin::new(&mut self.body).poll_frame(cx)
    }

    fn is_end_stream(&self) -> bool {
        self.body.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        self.body.size_hint()
    }
}

impl HttpBody for Pieces {
    type Data = Bytes;
    type Error = Cut;

    fn poll_frame(mut self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<Option<Result<Frame<Bytes>, Cut>>> {
        let bytes = self.0.len().min(PIECE_BYTES);
        Poll::Ready((bytes > 0).then(|| Ok(Frame::data(self.0.split_to(bytes)))))
    }

    fn is_end_stream(&self) -> bool {
        self.0.is_empty()
    }

    fn size_hint(&self) -> SizeHint {
        SizeHint::with_exact(u64::try_from(self.0.len()).unwrap_or(u64::MAX))
    }
}

#[cfg(test)]
mod tests;
