//! Background work: a simple task is one line, another one a file. A step does a little and returns when to call it
//! again; only the runner here waits, so tests call `step` themselves.

mod certificate;
mod log;
mod recover;
mod sweep;

use std::future::Future;
use std::pin::Pin;
use std::time::Duration;

use exeunt_core::Moment;

use crate::app::App;
use crate::error::Result;

/// The minimum pause before a failed step is retried, in milliseconds, so that a full disk is not tried all the time.
const RETRY_MILLIS: u64 = 1000;

/// A task whose step is one call, with a pause of `$millis` milliseconds between two steps.
macro_rules! every {
    ($name:literal, $millis:literal, |$app:ident, $now:ident| $call:expr) => {
        BackgroundTask {
            name: $name,
            step: |$app, $now| {
                Box::pin(async move {
                    let outcome = $call.await;
                    next(&$app, $name, $now, $millis, outcome)
                })
            },
        }
    };
}

/// Every task, in the order of the documentation.
pub const ALL: &[BackgroundTask] = &[
    // Writes uses of sessions to the store, at most once per session and touch interval. Why no request waits for this:
    // `docs/decisions/0005-uses-are-written-behind.md`. The pause is far below the second by which last-seen times may
    // be late.
    every!("flush", 50, |app, now| app.authority.flush()),
    // Raises a mark for each expired session, and drops dead sessions from the cache: one part of the table per step. A
    // round of 256 parts takes about half a minute.
    every!("expire", 125, |app, now| app.authority.expire(now)),
    sweep::TASK,
    // Checks that the files of the store are still the ones that were opened. Every commit checks this too; this task
    // is for session checks, which commit nothing: they may be answered for this long after the store was removed.
    every!("look", 1_000, |app, now| app.authority.look()),
    recover::TASK,
    // Keeps two blocks of numbers reserved.
    every!("reserve", 1_000, |app, now| app.numbers.refill(&app.authority)),
    certificate::TASK,
    // Writes the counts of calls of legacy dialects to the store: a power cut may lose the counts of this time.
    every!("usage", 10_000, |app, now| app.authority.write_usage()),
    log::TASK,
];

/// A task.
#[derive(Clone, Copy)]
pub struct BackgroundTask {
    /// Its name in the log.
    pub name: &'static str,
    /// Does a little. Returns when to call it again; `None` for never.
    pub step: fn(App, Moment) -> Step,
}

/// A running step.
pub type Step = Pin<Box<dyn Future<Output = Option<Moment>> + Send>>;

/// Calls a task until the server stops.
pub(crate) async fn run(app: App, task: BackgroundTask) {
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
fn next<T>(
    app: &App,
    task: &'static str,
    now: Moment,
    pause_millis: u64,
    outcome: Result<T>,
) -> Option<Moment> {
    let Err(error) = outcome else { return Some(now.plus_millis(pause_millis)) };
    if let Some(unlogged) = app.failures.admit(task, now) {
        tracing::warn!(task, %error, private = error.private(), unlogged, "a background task failed; it will be retried");
    }
    Some(now.plus_millis(pause_millis.max(RETRY_MILLIS)))
}
