//! The threads that read, each with a connection that cannot write.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::atomic::Ordering;

use rusqlite::Connection;

use super::file;
use super::queue::Queue;
use super::state::Shared;
use crate::error::Result;

/// Threads that read.
pub(super) const READERS: usize = 2;

/// A read under way.
#[derive(Clone, Copy)]
pub(super) struct Reading<'a> {
    pub(super) conn: &'a Connection,
    pub(super) shared: &'a Shared,
}

/// A question, which answers itself.
pub(super) type Question = Box<dyn FnOnce(Result<Reading<'_>>) + Send>;

/// Answers until the queue is closed.
pub(super) fn run(shared: &Shared, queue: &Queue<Question>) {
    let mut conn: Option<(u64, Connection)> = None;
    let mut questions = Vec::with_capacity(1);
    loop {
        queue.take(0, 1, &mut questions);
        let Some((_, question)) = questions.pop() else { return };
        // Held from before the file is chosen: a store that is opened again waits until nobody reads the old one.
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
                // Whoever asked is told of a panic by the dropped answer.
                let _fault =
                    catch_unwind(AssertUnwindSafe(|| question(Ok(Reading { conn: &opened, shared }))));
                conn = Some((life, opened));
            }
            Err(error) => question(Err(error)),
        }
        drop(reading);
    }
}
