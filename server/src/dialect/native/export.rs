//! `GET /v1/audit.jsonl`: the audit trail as JSON lines, newest first, page by page as it is taken.

use std::convert::Infallible;
use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use exeunt_core::{Moment, RealmId};
use http::header::CONTENT_TYPE;
use http::{Method, StatusCode};
use http_body::Frame;
use http_body_util::BodyExt;
use http_body_util::channel::{Channel, Sender};
use serde_json::{Value, json};

use super::caller::{Caller, Need};
use super::{Reply, audit, serve, wire};
use crate::app::App;
use crate::authority::feed::AuditLine;
use crate::authority::open::CLOCK_BEHIND_SECS_MAX;
use crate::authority::{AuditPlace, Key};
use crate::error::{Error, Outage, Result};
use crate::exchange::{Answer, Body, Exchange, Response, empty};
use crate::time::GivenTime;

/// Pages that wait for a slow reader.
const PAGES_MAX: usize = 2;
/// Seconds that a reader may be stuck before its export is cut.
const STUCK_SECS: u64 = 30;

pub(super) fn lines(x: Exchange) -> Answer {
    serve(x, Need::Read, run)
}

async fn run(x: Exchange, caller: Caller) -> Reply {
    let (after, before) = (moment(&x, "after")?, moment(&x, "before")?);
    // What is wrong with the store is told while there is a status to tell it with.
    x.app.authority.position().await?;
    if x.method() == Method::HEAD {
        return Ok(json_lines(Body::Whole(Bytes::new())));
    }
    let Ok(permit) = x.app.feeds.clone().try_acquire_owned() else {
        return Err(Error::unavailable(Outage::Busy).because("too many streams").into());
    };
    let (sender, body) = Channel::<Bytes, Infallible>::new(PAGES_MAX);
    let (app, view) = (x.app.clone(), caller.view(&x));
    let export = Export { app, view, key: caller.key, after, before, sender };
    tokio::spawn(async move {
        export.run().await;
        drop(permit);
    });
    Ok(json_lines(Body::Stream(body.boxed())))
}

fn json_lines(body: Body) -> Response {
    let mut response = empty(StatusCode::OK);
    response.headers.set(&CONTENT_TYPE, "application/x-ndjson");
    response.body = body;
    response
}

fn moment(x: &Exchange, name: &'static str) -> Result<Option<Moment>> {
    let Some(text) = wire::parameter(x, name) else { return Ok(None) };
    GivenTime::new(&text).moment(name).map(Some)
}

struct Export {
    app: App,
    view: Option<RealmId>,
    key: Arc<Key>,
    after: Option<Moment>,
    before: Option<Moment>,
    sender: Sender<Bytes, Infallible>,
}

impl Export {
    /// Sends all that there is. What breaks off has no last line, and its status was sent long before.
    async fn run(mut self) {
        let (mut place, mut count) = (AuditPlace::NEWEST, 0_u64);
        while self.app.authority.key_holds(&self.key) && !*self.app.stop.borrow() {
            let Ok((lines, next)) = self.app.authority.audit(self.view, place).await else { return };
            let wanted: Vec<_> = lines.iter().filter(|line| self.wants(when(line))).collect();
            count += u64::try_from(wanted.len()).unwrap_or_default();
            let text: String = wanted.into_iter().map(|line| text(&audit::line(line))).collect();
            if !text.is_empty() && !self.send(text).await {
                return;
            }
            // A page may be empty and yet not the last: beside busy realms.
            let over = lines.last().is_some_and(|line| self.is_long_before(when(line)))
                && lines.iter().all(|line| self.is_long_before(when(line)));
            let Some(next) = next.filter(|_| !over) else {
                self.send(text_of_end(count)).await;
                return;
            };
            place = next;
        }
    }

    fn wants(&self, when: Moment) -> bool {
        self.after.is_none_or(|after| when >= after) && self.before.is_none_or(|before| when < before)
    }

    /// Nothing from here on can be wanted: the trail is in the order of writing, and a clock that was further behind
    /// was refused at the start.
    fn is_long_before(&self, when: Moment) -> bool {
        self.after.is_some_and(|after| when.plus_secs(CLOCK_BEHIND_SECS_MAX) < after)
    }

    async fn send(&mut self, text: String) -> bool {
        let sending = self.sender.send(Frame::data(Bytes::from(text)));
        matches!(tokio::time::timeout(Duration::from_secs(STUCK_SECS), sending).await, Ok(Ok(())))
    }
}

fn when(line: &AuditLine) -> Moment {
    match line {
        AuditLine::Entry(entry) => entry.when,
        AuditLine::Mark(mark) => mark.when,
    }
}

fn text(line: &Value) -> String {
    format!("{line}\n")
}

/// The last line: whoever does not get it has not got everything.
fn text_of_end(count: u64) -> String {
    text(&json!({ "end": { "lines": count } }))
}
