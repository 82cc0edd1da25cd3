//! Writes who still calls what of a legacy dialect.

use crate::task::{Task, next};

/// Seconds between two writings: what a power cut may cost of these counts.
const PAUSE_SECS: u64 = 10;

/// The task.
pub(super) const TASK: Task = Task {
    name: "usage",
    step: |app, now| {
        Box::pin(async move {
            let outcome = app.authority.write_usage().await;
            next(&app, TASK.name, now, PAUSE_SECS * 1000, outcome)
        })
    },
};
