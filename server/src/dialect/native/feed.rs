//! `GET /v1/feed`: marks as they are raised, as server-sent events (WHATWG HTML §9.2), resumable by `Last-Event-ID`.

use std::convert::Infallible;
use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use exeunt_core::{RealmId, Stamp};
use http::header::CONTENT_TYPE;
use http::{HeaderName, Method, StatusCode};
use http_body::Frame;
use http_body_util::BodyExt;
use http_body_util::channel::{Channel, Sender};
use serde_json::json;

use super::caller::{Caller, Need};
use super::{Reply, mark, marks, serve, wire};
use crate::app::App;
use crate::authority::feed::PAGE_MARKS_MAX;
use crate::authority::{Key, MarkPage, Position};
use crate::error::{Error, Kind, Outage, Result};
use crate::exchange::{Answer, Body, Exchange, Response, empty};

/// Seconds between two heartbeats of a stream.
const HEARTBEAT_SECS: u64 = 1;
/// Frames that wait for a slow reader.
const FRAMES_MAX: usize = 8;
/// Seconds that a reader may be stuck before its stream is cut.
const STUCK_SECS: u64 = 30;
/// Where the reader has come to.
const LAST_EVENT_ID: HeaderName = HeaderName::from_static("last-event-id");

pub(super) fn feed(x: Exchange) -> Answer {
    serve(x, Need::Read, run_feed)
}

async fn run_feed(x: Exchange, caller: Caller) -> Reply {
    let after = after(&x)?;
    let position = x.app.authority.position().await?;
    // A new reader without a position starts from now: what was before is in the snapshot.
    let start = after.is_none().then_some(Some(position.stamp));
    let start = start.map_or_else(|| marks::place("after", after.as_deref(), position), Ok)?;
    if x.method() == Method::HEAD {
        return Ok(event_stream(Body::Whole(Bytes::new())));
    }
    let Ok(permit) = x.app.feeds.clone().try_acquire_owned() else {
        return Err(Error::unavailable(Outage::Busy).because("too many feeds").into());
    };
    let (sender, body) = Channel::<Bytes, Infallible>::new(FRAMES_MAX);
    let stream = Stream { app: x.app.clone(), view: caller.view(&x), key: caller.key, sender };
    tokio::spawn(async move {
        stream.run(start).await;
        drop(permit);
    });
    Ok(event_stream(Body::Stream(body.boxed())))
}

fn event_stream(body: Body) -> Response {
    let mut response = empty(StatusCode::OK);
    response.headers.set(&CONTENT_TYPE, "text/event-stream");
    response.body = body;
    response
}

/// Where the reader has come to: as a browser says it when it connects again, or as it was told in the query.
fn after(x: &Exchange) -> Result<Option<String>> {
    let last = x.headers().has(&LAST_EVENT_ID).then(|| x.header(&LAST_EVENT_ID).map(str::to_owned));
    match last {
        // To start from now instead would leave a hole.
        Some(None) => Err(Error::malformed("last-event-id", "Last-Event-ID is there once, with a position")),
        Some(last) => Ok(last),
        None => Ok(wire::parameter(x, "after")),
    }
}

struct Stream {
    app: App,
    view: Option<RealmId>,
    key: Arc<Key>,
    sender: Sender<Bytes, Infallible>,
}

impl Stream {
    /// Ends when the reader goes, the server stops, or the key is revoked.
    async fn run(mut self, start: Option<Stamp>) {
        let mut marked = self.app.authority.watch();
        let mut stopping = self.app.stop.subscribe();
        let Some(mut after) = start else {
            self.reset().await;
            return;
        };
        while self.app.authority.key_holds(&self.key) {
            let newest = *marked.borrow_and_update();
            let mut behind = false;
            match self.app.authority.marks(self.view, after, PAGE_MARKS_MAX).await {
                Ok(page) => {
                    // Beside busy realms a page may be short, even empty, and yet not the last.
                    behind = after < page.position.stamp && page.position.stamp < newest;
                    after = page.position.stamp;
                    if !self.send(frames(&page)).await {
                        return;
                    }
                }
                Err(error) if error.kind() == Kind::NotFound => {
                    self.reset().await;
                    return;
                }
                // While the store is away no position is claimed: silence tells the reader.
                Err(_) => {}
            }
            if behind {
                continue;
            }
            tokio::select! {
                _ = marked.changed() => {}
                () = tokio::time::sleep(Duration::from_secs(HEARTBEAT_SECS)) => {}
                _ = stopping.wait_for(|stop| *stop) => return,
            }
        }
    }

    async fn reset(&mut self) {
        self.send("event: reset\ndata: {}\n\n".to_owned()).await;
    }

    async fn send(&mut self, text: String) -> bool {
        let sending = self.sender.send(Frame::data(Bytes::from(text)));
        matches!(tokio::time::timeout(Duration::from_secs(STUCK_SECS), sending).await, Ok(Ok(())))
    }
}

/// Every mark, then the position: up to there the reader has everything.
fn frames(page: &MarkPage) -> String {
    let position = |stamp| wire::position(Position { stamp, ..page.position });
    let mut text = String::new();
    for mark in &page.marks {
        // Writing to a string does not fail.
        let data = serde_json::to_string(&mark::mark(mark)).unwrap_or_default();
        text += &format!("event: mark\nid: {}\ndata: {data}\n\n", position(mark.at));
    }
    let here = wire::position(page.position);
    text += &format!("event: position\nid: {here}\ndata: {}\n\n", json!({ "position": here }));
    text
}
