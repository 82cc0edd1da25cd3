//! Raises a mark for what has expired, and drops what is dead from memory: one part of the table a step.

use crate::task::{Task, next};

/// Milliseconds between two parts of the table: with 256 parts a round takes about half a minute.
const PAUSE_MILLIS: u64 = 125;

/// The task.
pub(super) const TASK: Task = Task {
    name: "expire",
    step: |app, now| {
        Box::pin(async move {
            let outcome = app.authority.expire(now).await.map(drop);
            next(&app, TASK.name, now, PAUSE_MILLIS, outcome)
        })
    },
};
