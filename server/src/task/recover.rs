//! Reopens the store after a commit whose outcome is unknown, and catches up with it.

use crate::task::{BackgroundTask, next};

/// Milliseconds between two steps, and between two retries. The runner starts a step at once when recovery is needed.
const PAUSE_MILLIS: u64 = 100;

pub(super) const TASK: BackgroundTask = BackgroundTask {
    name: "recover",
    step: |app, now| {
        Box::pin(async move {
            let outcome = app.authority.recover(now).await;
            next(&app, TASK.name, now, PAUSE_MILLIS, outcome).map(|_| now.plus_millis(PAUSE_MILLIS))
        })
    },
};
