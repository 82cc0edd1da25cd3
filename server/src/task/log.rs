//! Logs at the end of each second how many lines exceeded their quota.

use crate::task::BackgroundTask;

/// Seconds between two steps.
const PAUSE_SECS: u64 = 1;

pub(super) const TASK: BackgroundTask = BackgroundTask {
    name: "log",
    step: |app, now| {
        Box::pin(async move {
            app.metrics.quotas.end_second(now);
            Some(now.plus_secs(PAUSE_SECS))
        })
    },
};
