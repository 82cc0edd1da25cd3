//! Keeps two blocks of numbers reserved.

use crate::task::{Task, next};

/// Seconds between two steps.
const PAUSE_SECS: u64 = 1;

pub(super) const TASK: Task = Task {
    name: "reserve",
    step: |app, now| {
        Box::pin(async move {
            let outcome = app.numbers.refill(&app.authority).await;
            next(&app, TASK.name, now, PAUSE_SECS * 1000, outcome)
        })
    },
};
