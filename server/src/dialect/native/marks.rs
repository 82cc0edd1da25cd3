//! Reading marks: `/v1/marks` (pages), `/v1/feed` (server-sent events), `/v1/snapshot`.

use std::convert::Infallible;
use std::time::Duration;

use bytes::Bytes;
use exeunt_core::{RealmId, Stamp};
use http::header::{CONTENT_TYPE, HeaderValue};
use http::{HeaderName, StatusCode};
use http_body::Frame;
use http_body_util::channel::{Channel, Sender};
use http_body_util::{BodyExt, Either};
use serde_json::json;

use super::caller::{Caller, Need};
use super::{Reply, error, settle, wire};
use crate::app::App;
use crate::authority::feed::PAGE_MARKS_MAX;
use crate::authority::{Key, MarkPage, Position};
use crate::error::{Error, Kind, Outage, Result};
use crate::exchange::{Answer, Exchange, Response, empty};

/// Marks on a page unless asked otherwise.
const PAGE_USUAL: u32 = 100;
/// Seconds between two heartbeats of a stream.
const HEARTBEAT_SECS: u64 = 1;
/// Frames that wait for a slow reader.
const FRAMES_MAX: usize = 8;
/// Seconds that a reader may be stuck before its stream is cut.
const STUCK_SECS: u64 = 30;

pub(super) fn page(x: Exchange) -> Answer {
    Box::pin(settle(run_page(x)))
}

async fn run_page(x: Exchange) -> Reply {
    let caller = Caller::of(&x, Need::Read)?;
    let limit = wire::parsed(&x, "limit")?.unwrap_or(PAGE_USUAL);
    let authority = &x.app.authority;
    let after = wire::parameter(&x, "after");
    let Some(after) = place(after.as_deref(), authority.position().await?)? else { return Ok(error::gone()) };
    match authority.marks(caller.view(&x), after, limit).await {
        Ok(page) => {
            let items: Vec<_> = page.marks.iter().map(wire::mark).collect();
            let body = json!({ "items": items, "next": null, "position": wire::position(page.position) });
            Ok(wire::json(StatusCode::OK, &body))
        }
        Err(error) if error.kind() == Kind::NotFound => Ok(error::gone()),
        Err(error) => Err(error.into()),
    }
}

pub(super) fn snapshot(x: Exchange) -> Answer {
    Box::pin(settle(async move {
        let caller = Caller::of(&x, Need::Read)?;
        let snapshot = x.app.authority.snapshot(caller.view(&x)).await?;
        let items: Vec<_> = snapshot.marks.iter().map(wire::mark).collect();
        let body = json!({ "items": items, "next": null, "position": wire::position(snapshot.position) });
        Ok(wire::json(StatusCode::OK, &body))
    }))
}

pub(super) fn feed(x: Exchange) -> Answer {
    Box::pin(settle(run_feed(x)))
}

async fn run_feed(x: Exchange) -> Reply {
    let caller = Caller::of(&x, Need::Read)?;
    let last = x.header(&HeaderName::from_static("last-event-id")).map(str::to_owned);
    let after = last.or_else(|| wire::parameter(&x, "after"));
    let position = x.app.authority.position().await?;
    // A new reader without a position starts from now: what was before is in the snapshot.
    let start = after.is_none().then_some(Some(position.stamp));
    let start = start.map_or_else(|| place(after.as_deref(), position), Ok)?;
    let Ok(permit) = x.app.feeds.clone().try_acquire_owned() else {
        return Err(Error::unavailable(Outage::Busy).because("too many feeds").into());
    };
    let (sender, body) = Channel::<Bytes, Infallible>::new(FRAMES_MAX);
    let stream = Stream { app: x.app.clone(), view: caller.view(&x), key: caller.key, sender };
    tokio::spawn(async move {
        stream.run(start).await;
        drop(permit);
    });
    let mut response: Response = empty(StatusCode::OK);
    response.headers_mut().insert(CONTENT_TYPE, HeaderValue::from_static("text/event-stream"));
    *response.body_mut() = Either::Right(body.boxed());
    Ok(response)
}

struct Stream {
    app: App,
    view: Option<RealmId>,
    key: std::sync::Arc<Key>,
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
            marked.borrow_and_update();
            match self.app.authority.marks(self.view, after, PAGE_MARKS_MAX).await {
                Ok(page) => {
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
        let shape = wire::text(&wire::mark(mark));
        text += &format!("event: mark\nid: {}\ndata: {shape}\n\n", position(mark.at));
    }
    let here = wire::position(page.position);
    text += &format!("event: position\nid: {here}\ndata: {}\n\n", json!({ "position": here }));
    text
}

/// The place that a reader has come to: `stamp`, or `incarnation.stamp`. `None`: of another life of the store.
///
/// # Errors
/// `Malformed("after")`; `Unavailable` for a place beyond the end of this life: the store was turned back.
fn place(after: Option<&str>, now: Position) -> Result<Option<Stamp>> {
    let Some(after) = after else { return Ok(Some(Stamp::ZERO)) };
    let malformed = || Error::malformed("after", "a position is one that this server gave");
    let (incarnation, number) =
        after.rsplit_once('.').map_or((None, after), |(life, number)| (Some(life), number));
    let stamp = Stamp::from_number(number.parse().map_err(|_| malformed())?);
    match incarnation.map(str::parse::<RealmId>).transpose().map_err(|_| malformed())? {
        Some(life) if life.0 != now.incarnation.0 => Ok(None),
        _ if stamp > now.stamp => Err(Error::new(
            Kind::Unavailable(Outage::Refused),
            "this position is beyond the end of the log: the store was put back to an earlier state without declaring a \
             restore; stop the server and declare it",
        )),
        _ => Ok(Some(stamp)),
    }
}
