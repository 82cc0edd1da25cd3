//! Keeps two blocks of numbers in hand.

use crate::task::{Task, logged};

/// Seconds between two looks.
const PAUSE_SECS: u64 = 1;

/// The task.
pub(super) const TASK: Task = Task {
    name: "reserve",
    step: |app, now| {
        Box::pin(async move {
            logged(TASK.name, app.numbers.refill(&app.authority).await);
            Some(now.plus_secs(PAUSE_SECS))
        })
    },
};
