//! `GET /v1/feed`: marks as they are raised, as server-sent events (WHATWG HTML §9.2), resumable by `Last-Event-ID`. A
//! reader asks the store until it has caught up, and from then on reads the tail that all readers share.

mod tail;

use exeunt_core::{Mark, RealmId, Stamp};
use http::HeaderName;
use serde_json::json;

use super::caller::Caller;
use super::{Reply, mark, marks, wire};
use crate::app::tail::{Piece, Reader};
use crate::authority::feed::PAGE_MARKS_MAX;
use crate::authority::{MarkPage, Position};
use crate::error::{Error, Kind, Result};
use crate::http::Request;
use crate::http::stream::{PIECE_BYTES, Stream, streamed};

/// The position of the reader.
const LAST_EVENT_ID: HeaderName = HeaderName::from_static("last-event-id");

pub(super) async fn run(request: Request, caller: Caller) -> Reply {
    let after = after(&request)?;
    let position = request.app.authority.position().await?;
    // A new reader without a position starts from now: the snapshot has everything before.
    let start = after.is_none().then_some(Some(position.stamp));
    let start = start.map_or_else(|| marks::place("after", after.as_deref(), position), Ok)?;
    let view = caller.view(&request);
    let write = |stream| Feed { view, stream }.run(start);
    Ok(streamed(&request, &caller.key, "text/event-stream", write)?)
}

/// The position of the reader: the header that a browser sends when it reconnects, or else the query.
fn after(request: &Request) -> Result<Option<String>> {
    let last =
        request.headers().has(&LAST_EVENT_ID).then(|| request.header(&LAST_EVENT_ID).map(str::to_owned));
    match last {
        // Starting from now instead would lose marks.
        Some(None) => Err(Error::malformed(
            "last-event-id",
            "Last-Event-ID is repeated or not ASCII; expected one header with a position",
        )),
        Some(last) => Ok(last),
        None => Ok(wire::parameter(request, "after")),
    }
}

struct Feed {
    view: Option<RealmId>,
    stream: Stream,
}

/// Where a reader's next marks come from.
enum Next {
    Tail,
    Store,
    /// The stream has ended.
    Nothing,
}

impl Feed {
    /// Ends when the client disconnects or is stuck, the server stops, or the key is removed.
    async fn run(mut self, start: Option<Stamp>) {
        let Some(mut after) = start else {
            self.reset().await;
            return;
        };
        let (app, key) = (self.stream.app.clone(), self.stream.key.clone());
        let mut stopping = app.stop.subscribe();
        let mut tail = tail::join(&app);
        let mut next = Next::Store;
        loop {
            next = match next {
                Next::Store => self.read_store(&mut after).await,
                Next::Tail => self.read_tail(&tail, &mut after).await,
                Next::Nothing => return,
            };
            if !matches!(next, Next::Tail) {
                continue;
            }
            tokio::select! {
                () = tail.published() => {}
                _ = stopping.wait_for(|stop| *stop) => return,
                () = app.authority.key_gone(&key) => return,
            }
        }
    }

    /// Sends what the store has, page by page.
    async fn read_store(&mut self, after: &mut Stamp) -> Next {
        let app = self.stream.app.clone();
        let marked = app.authority.watch();
        loop {
            let newest = *marked.borrow();
            match app.authority.marks(self.view, *after, PAGE_MARKS_MAX).await {
                Ok(page) => {
                    // If other realms are busy, a page may be short or empty without being the last.
                    let is_behind = *after < page.position.stamp && page.position.stamp < newest;
                    *after = page.position.stamp;
                    if !self.stream.send_all(events(page)).await {
                        return Next::Nothing;
                    }
                    if !is_behind {
                        return Next::Tail;
                    }
                }
                Err(error) if error.kind() == Kind::NotFound => {
                    self.reset().await;
                    return Next::Nothing;
                }
                // While the store is unavailable, no position is sent: the reader notices the silence.
                Err(_) => return Next::Tail,
            }
        }
    }

    /// Sends what the tail has, in pieces, so that a slow client makes no more of it wait than a stream may hold.
    async fn read_tail(&mut self, tail: &Reader, after: &mut Stamp) -> Next {
        loop {
            let Piece::Text { text, upto, is_last } = tail.read(self.view, *after, PIECE_BYTES) else {
                return Next::Store;
            };
            *after = upto;
            if !self.stream.send(text).await {
                return Next::Nothing;
            }
            if is_last {
                return Next::Tail;
            }
        }
    }

    async fn reset(&mut self) {
        self.stream.send("event: reset\ndata: {}\n\n").await;
    }
}

/// An event for every mark, then the position up to which the reader has everything.
fn events(page: MarkPage) -> impl Iterator<Item = String> {
    let end = page.position;
    page.marks.into_iter().map(move |mark| of_mark(&mark, end)).chain([of_position(end)])
}

/// The event for a mark of the same incarnation as this position.
fn of_mark(mark: &Mark, position: Position) -> String {
    // Writing to a string does not fail.
    let data = serde_json::to_string(&mark::mark(mark)).unwrap_or_default();
    let id = wire::position(Position { stamp: mark.at, ..position });
    format!("event: mark\nid: {id}\ndata: {data}\n\n")
}

fn of_position(position: Position) -> String {
    let here = wire::position(position);
    format!("event: position\nid: {here}\ndata: {}\n\n", json!({ "position": here }))
}
