//! Raises a mark for each expired session, and drops dead sessions from the cache: one part of the table per step.

use crate::task::{Task, next};

/// Milliseconds between two parts of the table: a round of 256 parts takes about half a minute.
const PAUSE_MILLIS: u64 = 125;

pub(super) const TASK: Task = Task {
    name: "expire",
    step: |app, now| {
        Box::pin(async move {
            let outcome = app.authority.expire(now).await.map(drop);
            next(&app, TASK.name, now, PAUSE_MILLIS, outcome)
        })
    },
};
