//! Writes the counts of calls of legacy dialects to the store.

use crate::task::{Task, next};

/// Seconds between two writes: a power cut may lose the counts of this time.
const PAUSE_SECS: u64 = 10;

pub(super) const TASK: Task = Task {
    name: "usage",
    step: |app, now| {
        Box::pin(async move {
            let outcome = app.authority.write_usage().await;
            next(&app, TASK.name, now, PAUSE_SECS * 1000, outcome)
        })
    },
};
