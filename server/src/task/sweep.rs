//! Deletes sessions and marks whose retention has passed, in small steps.

use crate::task::{BackgroundTask, next};

/// Milliseconds between two steps of one round.
const PAUSE_MILLIS: u64 = 200;
/// Seconds between two rounds.
const ROUND_SECS: u64 = 60;

pub(super) const TASK: BackgroundTask = BackgroundTask {
    name: "sweep",
    step: |app, now| {
        Box::pin(async move {
            match app.authority.sweep(now).await {
                Ok(swept) if swept.more => Some(now.plus_millis(PAUSE_MILLIS)),
                outcome => next(&app, TASK.name, now, ROUND_SECS * 1000, outcome.map(drop)),
            }
        })
    },
};
