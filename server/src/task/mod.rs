//! Background work: one file per task. A step does a little and returns when to call it again; only the runner here
//! waits, so tests call `step` themselves.

mod certificate;
mod expire;
mod flush;
mod log;
mod look;
mod recover;
mod reserve;
mod sweep;
mod usage;

use std::future::Future;
use std::pin::Pin;
use std::time::Duration;

use exeunt_core::Moment;

use crate::app::App;
use crate::error::Result;

/// Every task, in the order of the documentation.
pub const ALL: &[Task] = &[
    flush::TASK,
    expire::TASK,
    sweep::TASK,
    look::TASK,
    recover::TASK,
    reserve::TASK,
    certificate::TASK,
    usage::TASK,
    log::TASK,
];
/// The minimum pause before a failed step is retried, in milliseconds, so that a full disk is not tried all the time.
const RETRY_MILLIS: u64 = 1000;

/// A task.
#[derive(Clone, Copy)]
pub struct Task {
    /// Its name in the log.
    pub name: &'static str,
    /// Does a little. Returns when to call it again; `None` for never.
    pub step: fn(App, Moment) -> Step,
}

/// A running step.
pub type Step = Pin<Box<dyn Future<Output = Option<Moment>> + Send>>;

/// Calls a task until the server stops.
pub(crate) async fn run(app: App, task: Task) {
    let (mut stopping, mut doubts) = (app.stop.subscribe(), app.authority.doubts());
    // No check is answered before recovery is done, so it does not wait for its pause.
    let is_urgent = task.name == recover::TASK.name;
    loop {
        let now = app.env.now();
        let Some(next) = (task.step)(app.clone(), now).await else { return };
        let pause = Duration::from_millis(next.millis_since(now));
        // After a failed recovery it does wait: a new doubt in the meantime is the same one.
        let hurries = is_urgent && app.authority.ready().is_ok();
        tokio::select! {
            () = tokio::time::sleep(pause) => {}
            Ok(()) = doubts.changed(), if hurries => {}
            _ = stopping.wait_for(|stop| *stop) => return,
        }
    }
}

/// When to call the next step: `pause_millis` after this one. A failure is logged, at most once a minute, and retried
/// later.
fn next(
    app: &App,
    task: &'static str,
    now: Moment,
    pause_millis: u64,
    outcome: Result<()>,
) -> Option<Moment> {
    let Err(error) = outcome else { return Some(now.plus_millis(pause_millis)) };
    if let Some(unlogged) = app.failures.admit(task, now) {
        tracing::warn!(task, %error, private = error.private(), unlogged, "a step failed; it is tried again");
    }
    Some(now.plus_millis(pause_millis.max(RETRY_MILLIS)))
}
