//! The reader threads, each with a connection that cannot write.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::atomic::Ordering;

use rusqlite::Connection;

use super::file;
use super::queue::Queue;
use super::state::Shared;
use crate::error::Result;

/// The number of reader threads.
pub(super) const READERS: usize = 2;

/// A read in progress.
#[derive(Clone, Copy)]
pub(super) struct Reading<'a> {
    pub(super) conn: &'a Connection,
    pub(super) shared: &'a Shared,
}

/// A read, which sends its own answer.
pub(super) type Question = Box<dyn FnOnce(Result<Reading<'_>>) + Send>;

/// Runs reads until the queue is closed.
pub(super) fn run(shared: &Shared, queue: &Queue<Question>) {
    let mut conn: Option<(u64, Connection)> = None;
    let mut questions = Vec::with_capacity(1);
    loop {
        queue.take(0, 1, &mut questions);
        let Some((_, question)) = questions.pop() else { return };
        // Taken before the file is chosen: reopening the store waits until no read uses the old file.
        let reading = shared.reading();
        let life = shared.life.load(Ordering::SeqCst);
        if conn.as_ref().is_some_and(|(of, _)| *of != life) {
            conn = None;
        }
        let opened = shared.check().and_then(|()| match conn.take() {
            Some((_, conn)) => Ok(conn),
            None => file::reader(&shared.options),
        });
        match opened {
            Ok(opened) => {
                // After a panic the caller sees the dropped channel.
                let _fault =
                    catch_unwind(AssertUnwindSafe(|| question(Ok(Reading { conn: &opened, shared }))));
                conn = Some((life, opened));
            }
            Err(error) => question(Err(error)),
        }
        drop(reading);
    }
}
