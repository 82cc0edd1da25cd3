//! Writes uses of sessions to the store, at most once per session and touch interval. Why no request waits for this:
//! `docs/decisions/0005-uses-are-written-behind.md`.

use crate::task::{Task, next};

/// Milliseconds between two steps. Far below the second by which last-seen times may be late.
const PAUSE_MILLIS: u64 = 50;

pub(super) const TASK: Task = Task {
    name: "flush",
    step: |app, now| {
        Box::pin(async move {
            let outcome = app.authority.flush().await;
            next(&app, TASK.name, now, PAUSE_MILLIS, outcome)
        })
    },
};
