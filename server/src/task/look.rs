//! Looks whether the files of the store are still the ones that were opened. Every commit is looked at too; this is for
//! checks, which need none.

use crate::task::{Task, next};

/// Seconds between two looks: for so long checks may be answered when the store was taken away.
const PAUSE_SECS: u64 = 1;

/// The task.
pub(super) const TASK: Task = Task {
    name: "look",
    step: |app, now| {
        Box::pin(async move {
            let outcome = app.authority.look().await;
            next(&app, TASK.name, now, PAUSE_SECS * 1000, outcome)
        })
    },
};
