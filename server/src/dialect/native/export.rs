//! `GET /v1/audit.jsonl`: the audit trail as JSON lines, newest first. Pages are read as the client takes them.

use exeunt_core::{Moment, RealmId};
use serde_json::{Value, json};

use super::caller::Caller;
use super::{Reply, audit, wire};
use crate::authority::AuditPlace;
use crate::authority::feed::AuditLine;
use crate::authority::open::CLOCK_BEHIND_SECS_MAX;
use crate::error::Result;
use crate::http::Request;
use crate::http::stream::{Stream, streamed};
use crate::time::GivenTime;

pub(super) async fn run(request: Request, caller: Caller) -> Reply {
    let (after, before) = (moment(&request, "after")?, moment(&request, "before")?);
    // Report errors of the store now, while the response can still have another status.
    request.app.authority.position().await?;
    let view = caller.view(&request);
    let write = |stream| Export { view, after, before, stream }.run();
    Ok(streamed(&request, &caller.key, "application/x-ndjson", write)?)
}

fn moment(request: &Request, name: &'static str) -> Result<Option<Moment>> {
    let Some(text) = wire::parameter(request, name) else { return Ok(None) };
    GivenTime::new(&text).moment(name).map(Some)
}

struct Export {
    view: Option<RealmId>,
    after: Option<Moment>,
    before: Option<Moment>,
    stream: Stream,
}

impl Export {
    /// Sends all lines. An export that breaks off has no last line: its status was sent long before.
    pub(super) async fn run(mut self) {
        let (mut place, mut count) = (AuditPlace::NEWEST, 0_u64);
        let app = self.stream.app.clone();
        while app.authority.key_holds(&self.stream.key) && !*app.stop.borrow() {
            let Ok((lines, next)) = app.authority.audit(self.view, place).await else { return };
            let wanted: Vec<_> = lines.iter().filter(|line| self.wants(when(line))).collect();
            count += u64::try_from(wanted.len()).unwrap_or_default();
            let text: String = wanted.into_iter().map(|line| text(&audit::line(line))).collect();
            if !self.stream.send(text).await {
                return;
            }
            // If other realms are busy, a page may be empty without being the last.
            let over = lines.last().is_some_and(|line| self.is_long_before(when(line)))
                && lines.iter().all(|line| self.is_long_before(when(line)));
            let Some(next) = next.filter(|_| !over) else {
                self.stream.send(text_of_end(count)).await;
                return;
            };
            place = next;
        }
    }

    fn wants(&self, when: Moment) -> bool {
        self.after.is_none_or(|after| when >= after) && self.before.is_none_or(|before| when < before)
    }

    /// From here on, every line is too old: the trail is in the order of writing, and the server does not start with a
    /// clock that is further behind.
    fn is_long_before(&self, when: Moment) -> bool {
        self.after.is_some_and(|after| when.plus_secs(CLOCK_BEHIND_SECS_MAX) < after)
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

/// The last line. Without it, the export is incomplete.
fn text_of_end(count: u64) -> String {
    text(&json!({ "end": { "lines": count } }))
}
