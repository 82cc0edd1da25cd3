//! A bounded pool of low-priority threads, separate from the threads that answer checks.

use std::collections::VecDeque;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::{Arc, Condvar, Mutex, MutexGuard};
use std::thread;

use tokio::sync::{oneshot, watch};

use crate::authority::passwords::forms::Argon2Blocks;
use crate::error::{Error, Result, Unavailability};
use crate::lock;
use crate::lock::Exclusive as _;

/// The niceness of the threads. 19 is the lowest priority, so password hashing never delays a check.
#[cfg(target_os = "linux")]
const NICENESS: i32 = 19;

/// The threads and their queue.
pub(super) struct Pool(Arc<Shared>);

struct Shared {
    queue: Mutex<Queue>,
    arrived: Condvar,
    waiting_max: usize,
    gate: Gate,
}

#[derive(Default)]
struct Queue {
    jobs: VecDeque<Box<dyn QueuedJob>>,
    closed: bool,
}

impl Pool {
    /// Starts the threads; for each of them, `queue` callers may wait.
    pub(super) fn start(threads: usize, queue: usize) -> Result<Self> {
        let shared = Arc::new(Shared {
            queue: Mutex::default(),
            arrived: Condvar::new(),
            waiting_max: threads.saturating_mul(queue),
            gate: Gate::default(),
        });
        let pool = Self(shared);
        for number in 0..threads {
            let shared = Arc::clone(&pool.0);
            let thread = thread::Builder::new().name(format!("password-{number}"));
            thread.spawn(move || shared.work()).map_err(Error::internal)?;
        }
        Ok(pool)
    }

    /// Runs the work on one of the threads; fails at once with `Busy` if the queue is full.
    pub(super) async fn run<T: Send + 'static>(
        &self,
        work: impl FnOnce(&mut Argon2Blocks) -> T + Send + 'static,
    ) -> Result<T> {
        let (answer, answered) = oneshot::channel();
        self.push(Box::new(PasswordJob { work, answer }))?;
        answered.await.unwrap_or_else(|_| Err(Error::internal("a password job was dropped before it ran")))
    }

    /// Jobs that no thread has taken yet.
    pub(super) fn waiting(&self) -> usize {
        self.0.lock().jobs.len()
    }

    /// Closes the gate, so that no result is returned while the value exists.
    pub(super) fn hold(&self) -> Held {
        *lock(&self.0.gate.holds) += 1;
        Held(Arc::clone(&self.0))
    }

    fn push(&self, job: Box<dyn QueuedJob>) -> Result<()> {
        let mut queue = self.0.lock();
        if queue.jobs.len() >= self.0.waiting_max {
            queue.jobs.retain(|job| !job.abandoned());
        }
        if queue.jobs.len() >= self.0.waiting_max {
            return Err(
                Error::unavailable(Unavailability::Busy).because("the queue of password jobs is full")
            );
        }
        queue.jobs.push_back(job);
        self.0.arrived.notify_one();
        Ok(())
    }
}

/// Waiting callers borrow the pool, so there are none by now. The threads end after their current job; joining them
/// could take seconds, and they hold nothing that needs cleanup.
impl Drop for Pool {
    fn drop(&mut self) {
        let mut queue = self.0.lock();
        queue.closed = true;
        queue.jobs.clear();
        self.0.arrived.notify_all();
    }
}

impl Shared {
    fn work(&self) {
        be_patient();
        let mut memory = Argon2Blocks::default();
        while let Some(job) = self.next() {
            if !job.abandoned() {
                job.run(&mut memory, &self.gate);
            }
        }
    }

    fn next(&self) -> Option<Box<dyn QueuedJob>> {
        let mut queue = self.lock();
        loop {
            if queue.closed {
                return None;
            }
            if let Some(job) = queue.jobs.pop_front() {
                return Some(job);
            }
            queue = lock::wait(&self.arrived, queue);
        }
    }

    fn lock(&self) -> MutexGuard<'_, Queue> {
        lock(&self.queue)
    }
}

/// A job of any kind, with a waiting caller.
trait QueuedJob: Send {
    /// Whether the caller has gone.
    fn abandoned(&self) -> bool;
    /// Does the work and sends the result.
    fn run(self: Box<Self>, memory: &mut Argon2Blocks, gate: &Gate);
}

struct PasswordJob<F, T> {
    work: F,
    answer: oneshot::Sender<Result<T>>,
}

impl<F: FnOnce(&mut Argon2Blocks) -> T + Send, T: Send> QueuedJob for PasswordJob<F, T> {
    fn abandoned(&self) -> bool {
        self.answer.is_closed()
    }

    fn run(self: Box<Self>, memory: &mut Argon2Blocks, gate: &Gate) {
        let Self { work, answer } = *self;
        let result = catch_unwind(AssertUnwindSafe(|| work(memory)))
            .map_err(|_| Error::internal("checking or hashing a password panicked"));
        gate.pass();
        // The caller may have gone meanwhile.
        drop(answer.send(result));
    }
}

/// Holds back results while a [`Held`] exists.
struct Gate {
    holds: Mutex<usize>,
    opened: Condvar,
    standing: watch::Sender<usize>,
}

impl Default for Gate {
    fn default() -> Self {
        Self { holds: Mutex::default(), opened: Condvar::new(), standing: watch::Sender::new(0) }
    }
}

impl Gate {
    fn pass(&self) {
        let mut holds = lock(&self.holds);
        if *holds > 0 {
            self.standing.send_modify(|standing| *standing += 1);
            while *holds > 0 {
                holds = lock::wait(&self.opened, holds);
            }
            self.standing.send_modify(|standing| *standing -= 1);
        }
    }
}

/// While it exists, the pool returns no result.
pub struct Held(Arc<Shared>);

impl Held {
    /// Returns when a thread has done its work and waits at the gate.
    pub async fn reached(&self) {
        let mut standing = self.0.gate.standing.subscribe();
        // It fails only without a sender, and we own the sender.
        drop(standing.wait_for(|standing| *standing > 0).await);
    }
}

impl Drop for Held {
    fn drop(&mut self) {
        *lock(&self.0.gate.holds) -= 1;
        self.0.gate.opened.notify_all();
    }
}

/// Lowers the priority of the calling thread. On Linux, niceness belongs to a thread (setpriority(2), "C library/kernel
/// differences"). Other systems share it within a process, so there the priority stays unchanged.
fn be_patient() {
    #[cfg(target_os = "linux")]
    if let Err(error) = rustix::process::setpriority_process(None, NICENESS) {
        static ONCE: std::sync::Once = std::sync::Once::new();
        ONCE.call_once(
            || tracing::warn!(%error, "the priority of the password threads could not be lowered"),
        );
    }
}

/// A panic while the lock was held leaves no inconsistent state.
fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.hold()
}
