//! Hands uses of sessions to the store: once a touch interval for each session, and then at once. Why nobody waits for
//! it: `docs/decisions/0005-uses-are-written-behind.md`.

use crate::task::{Task, next};

/// Milliseconds between two looks. Far below the second that readers of last-seen allow for.
const PAUSE_MILLIS: u64 = 50;

/// The task.
pub(super) const TASK: Task = Task {
    name: "flush",
    step: |app, now| {
        Box::pin(async move {
            let outcome = app.authority.flush().await;
            next(&app, TASK.name, now, PAUSE_MILLIS, outcome)
        })
    },
};
