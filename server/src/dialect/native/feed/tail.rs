//! Writes the tail that the readers of the feed share: asks the store at each mark and once a second, however many readers
//! there are, and renders each mark once.

use std::time::Duration;

use exeunt_core::{Mark, Stamp};

use super::{of_mark, of_position};
use crate::app::App;
use crate::app::tail::{Reader, Rendered, Writer};
use crate::authority::feed::PAGE_MARKS_MAX;
use crate::error::Kind;

/// Seconds between two heartbeats.
const HEARTBEAT_SECS: u64 = 1;

/// Adds a reader to the tail, and starts a writer if there is none.
pub(super) fn join(app: &App) -> Reader {
    let (reader, writer) = app.feed_tail.join();
    if let Some(writer) = writer {
        tokio::spawn(write(app.clone(), writer));
    }
    reader
}

/// Ends when the tail has no reader any more, or the server stops.
async fn write(app: App, mut writer: Writer) {
    let (mut marked, mut stopping) = (app.authority.watch(), app.stop.subscribe());
    // Readers get what is before from the store.
    let mut ends = *marked.borrow_and_update();
    writer.begin(ends);
    loop {
        tokio::select! {
            _ = marked.changed() => {}
            () = tokio::time::sleep(Duration::from_secs(HEARTBEAT_SECS)) => {}
            _ = stopping.wait_for(|stop| *stop) => return,
        }
        if !writer.is_needed() {
            return;
        }
        let newest = *marked.borrow_and_update();
        while read_on(&app, &writer, &mut ends, newest).await {}
    }
}

/// Reads the next page of the log. `true` if it was not the last.
async fn read_on(app: &App, writer: &Writer, ends: &mut Stamp, newest: Stamp) -> bool {
    match app.authority.marks(None, *ends, PAGE_MARKS_MAX).await {
        Ok(page) => {
            let end = page.position;
            let is_behind = *ends < end.stamp && end.stamp < newest;
            let rendered =
                |mark: Mark| Rendered { stamp: mark.at, realm: mark.realm, text: of_mark(&mark, end) };
            writer.append(page.marks.into_iter().map(rendered), end.stamp, of_position(end));
            *ends = end.stamp;
            is_behind
        }
        Err(error) if error.kind() == Kind::NotFound => {
            *ends = newest;
            writer.begin(newest);
            false
        }
        // While the store is unavailable, nothing is published: the readers notice the silence.
        Err(_) => false,
    }
}
