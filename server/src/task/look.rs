//! Checks that the files of the store are still the ones that were opened. Every commit checks this too; this task is
//! for session checks, which commit nothing.

use crate::task::{Task, next};

/// Seconds between two looks: how long session checks may be answered after the store was removed.
const PAUSE_SECS: u64 = 1;

pub(super) const TASK: Task = Task {
    name: "look",
    step: |app, now| {
        Box::pin(async move {
            let outcome = app.authority.look().await;
            next(&app, TASK.name, now, PAUSE_SECS * 1000, outcome)
        })
    },
};
