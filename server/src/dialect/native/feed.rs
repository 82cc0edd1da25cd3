//! `GET /v1/feed`: marks as they are raised, as server-sent events (WHATWG HTML §9.2), resumable by `Last-Event-ID`.

use std::time::Duration;

use bytes::Bytes;
use exeunt_core::{RealmId, Stamp};
use http::header::CONTENT_TYPE;
use http::{HeaderName, Method, StatusCode};
use serde_json::json;

use super::caller::Caller;
use super::stream::Stream;
use super::{Reply, mark, marks, wire};
use crate::authority::feed::PAGE_MARKS_MAX;
use crate::authority::{MarkPage, Position};
use crate::error::{Error, Kind, Result};
use crate::http::{Body, Request, Response, empty};

/// Seconds between two heartbeats of a stream.
const HEARTBEAT_SECS: u64 = 1;
/// The position of the reader.
const LAST_EVENT_ID: HeaderName = HeaderName::from_static("last-event-id");

pub(super) async fn run(request: Request, caller: Caller) -> Reply {
    let after = after(&request)?;
    let position = request.app.authority.position().await?;
    // A new reader without a position starts from now: the snapshot has everything before.
    let start = after.is_none().then_some(Some(position.stamp));
    let start = start.map_or_else(|| marks::place("after", after.as_deref(), position), Ok)?;
    if request.method() == Method::HEAD {
        return Ok(event_stream(Body::Whole(Bytes::new())));
    }
    let (stream, body) = Stream::open(&request, &caller.key)?;
    tokio::spawn(Feed { view: caller.view(&request), stream }.run(start));
    Ok(event_stream(body))
}

fn event_stream(body: Body) -> Response {
    let mut response = empty(StatusCode::OK);
    response.headers.set(&CONTENT_TYPE, "text/event-stream");
    response.body = body;
    response
}

/// The position of the reader: the header that a browser sends when it reconnects, or else the query.
fn after(request: &Request) -> Result<Option<String>> {
    let last =
        request.headers().has(&LAST_EVENT_ID).then(|| request.header(&LAST_EVENT_ID).map(str::to_owned));
    match last {
        // Starting from now instead would lose marks.
        Some(None) => Err(Error::malformed("last-event-id", "Last-Event-ID is there once, with a position")),
        Some(last) => Ok(last),
        None => Ok(wire::parameter(request, "after")),
    }
}

struct Feed {
    view: Option<RealmId>,
    stream: Stream,
}

impl Feed {
    /// Ends when the client disconnects or is stuck, the server stops, or the key is removed.
    async fn run(mut self, start: Option<Stamp>) {
        let (app, key) = (self.stream.app.clone(), self.stream.key.clone());
        let mut marked = app.authority.watch();
        let mut stopping = app.stop.subscribe();
        let Some(mut after) = start else {
            self.reset().await;
            return;
        };
        loop {
            let newest = *marked.borrow_and_update();
            let mut behind = false;
            match app.authority.marks(self.view, after, PAGE_MARKS_MAX).await {
                Ok(page) => {
                    // If other realms are busy, a page may be short or empty without being the last.
                    behind = after < page.position.stamp && page.position.stamp < newest;
                    after = page.position.stamp;
                    if !self.stream.send_all(frames(page)).await {
                        return;
                    }
                }
                Err(error) if error.kind() == Kind::NotFound => {
                    self.reset().await;
                    return;
                }
                // While the store is unavailable, no position is sent: the reader notices the silence.
                Err(_) => {}
            }
            if behind {
                continue;
            }
            tokio::select! {
                _ = marked.changed() => {}
                () = tokio::time::sleep(Duration::from_secs(HEARTBEAT_SECS)) => {}
                _ = stopping.wait_for(|stop| *stop) => return,
                () = app.authority.key_gone(&key) => return,
            }
        }
    }

    async fn reset(&mut self) {
        self.stream.send("event: reset\ndata: {}\n\n").await;
    }
}

/// An event for every mark, then the position up to which the reader has everything.
fn frames(page: MarkPage) -> impl Iterator<Item = String> {
    let end = page.position;
    let marks = page.marks.into_iter().map(move |mark| {
        // Writing to a string does not fail.
        let data = serde_json::to_string(&mark::mark(&mark)).unwrap_or_default();
        format!("event: mark\nid: {}\ndata: {data}\n\n", wire::position(Position { stamp: mark.at, ..end }))
    });
    let here = wire::position(end);
    let last = format!("event: position\nid: {here}\ndata: {}\n\n", json!({ "position": here }));
    marks.chain([last])
}
