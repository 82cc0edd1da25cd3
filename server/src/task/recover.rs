//! After the store failed in the middle: opens it again, and catches up with it.

use crate::task::{Task, next};

/// Milliseconds between two looks, and between two tries. The runner begins at once when there is something to do.
const PAUSE_MILLIS: u64 = 100;

/// The task.
pub(super) const TASK: Task = Task {
    name: "recover",
    step: |app, now| {
        Box::pin(async move {
            let outcome = app.authority.recover(now).await;
            next(&app, TASK.name, now, PAUSE_MILLIS, outcome).map(|_| now.plus_millis(PAUSE_MILLIS))
        })
    },
};
