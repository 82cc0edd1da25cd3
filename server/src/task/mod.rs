//! Background work: one file a task. A step does a little and says when it wants to be called again; only the runner
//! here waits, so tests call `step` themselves.

mod certificate;
mod expire;
mod flush;
mod log;
mod recover;
mod reserve;
mod sweep;
mod usage;

use std::future::Future;
use std::pin::Pin;
use std::time::Duration;

use exeunt_core::Moment;

use crate::app::App;

/// Every task, in the order of the documentation.
pub const ALL: &[Task] = &[
    flush::TASK,
    expire::TASK,
    sweep::TASK,
    recover::TASK,
    reserve::TASK,
    certificate::TASK,
    usage::TASK,
    log::TASK,
];

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
    let mut stopping = app.stop.subscribe();
    loop {
        let now = app.env.now();
        let Some(next) = (task.step)(app.clone(), now).await else { return };
        let pause = Duration::from_millis(next.millis_since(now));
        tokio::select! {
            () = tokio::time::sleep(pause) => {}
            _ = stopping.wait_for(|stop| *stop) => return,
        }
    }
}

/// A step that failed is logged and tried again later.
fn logged(task: &str, outcome: crate::error::Result<()>) {
    if let Err(error) = outcome {
        tracing::warn!(task, %error, "a step failed; it is tried again");
    }
}
