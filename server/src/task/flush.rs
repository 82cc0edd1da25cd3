//! Writes last-seen, once a touch interval for each session.

use crate::authority::upkeep::FLUSH_SECS;
use crate::task::{Task, logged};

/// The task.
pub(super) const TASK: Task = Task {
    name: "flush",
    step: |app, now| {
        Box::pin(async move {
            logged(TASK.name, app.authority.flush().await);
            Some(now.plus_secs(FLUSH_SECS))
        })
    },
};
