//! Deletes sessions and marks whose retention has passed, in small steps.

use crate::task::{BackgroundTask, next};

/// Milliseconds between two steps of one round.
const PAUSE_MILLIS: u64 = 200;
/// Seconds between two looks at whether sweeping may begin.
const WAIT_SECS: u64 = 1;
/// Seconds between two rounds.
const ROUND_SECS: u64 = 60;

pub(super) const TASK: BackgroundTask = BackgroundTask {
    name: "sweep",
    step: |app, now| {
        Box::pin(async move {
            if !app.authority.has_checked_all() {
                // A session that expired while the server was down must get its mark before it is forgotten: its
                // children have no other sign of its end.
                return Some(now.plus_secs(WAIT_SECS));
            }
            match app.authority.sweep(now).await {
                Ok(swept) if swept.more => Some(now.plus_millis(PAUSE_MILLIS)),
                outcome => next(&app, TASK.name, now, ROUND_SECS * 1000, outcome.map(drop)),
            }
        })
    },
};
