//! After the store failed in the middle: opens it again, and fills memory anew.

use crate::task::{Task, logged};

/// Milliseconds between two looks.
const PAUSE_MILLIS: u64 = 100;

/// The task.
pub(super) const TASK: Task = Task {
    name: "recover",
    step: |app, now| {
        Box::pin(async move {
            logged(TASK.name, app.authority.recover(now).await);
            Some(now.plus_millis(PAUSE_MILLIS))
        })
    },
};
