//! Background work: one file a task. A step does a little and says when it wants to be called again; only the runner
//! here waits, so tests call `step` themselves.

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
/// Milliseconds before a step that failed is tried again, at least: a full disk is not asked all the time.
const RETRY_MILLIS: u64 = 1000;

/// A task.
#[derive(Clone, Copy)]
pub struct Task {
    /// Its name in the log.
    pub name: &'static str,
    /// Does a little; when to be called again, or `None`: never.
    pub step: fn(App, Moment) -> Step,
}

/// A step under way.
pub type Step = Pin<Box<dyn Future<Output = Option<Moment>> + Send>>;

/// Calls a task until the server stops.
pub(crate) async fn run(app: App, task: Task) {
    let (mut stopping, mut doubts) = (app.stop.subscribe(), app.authority.doubts());
    // No check is answered before it is done: it waits for no pause.
    let is_urgent = task.name == recover::TASK.name;
    loop {
        let now = app.env.now();
        let Some(next) = (task.step)(app.clone(), now).await else { return };
        let pause = Duration::from_millis(next.millis_since(now));
        // One that failed waits: whoever asks meanwhile has no other doubt.
        let hurries = is_urgent && app.authority.ready().is_ok();
        tokio::select! {
            () = tokio::time::sleep(pause) => {}
            Ok(()) = doubts.changed(), if hurries => {}
            _ = stopping.wait_for(|stop| *stop) => return,
        }
    }
}

/// When the next step comes, `pause_millis` after this one. One that failed is logged, at most once a minute, and tried
/// again later.
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
