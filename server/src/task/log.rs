//! Says at the end of each second which lines the log had no room for.

use crate::task::Task;

/// Seconds between two looks.
const PAUSE_SECS: u64 = 1;

/// The task.
pub(super) const TASK: Task = Task {
    name: "log",
    step: |app, now| {
        Box::pin(async move {
            app.metrics.quotas.end_second(now);
            Some(now.plus_secs(PAUSE_SECS))
        })
    },
};
