//! The world outside: the one file that reads the clock and the operating system's randomness.
//!
//! Everything below takes `now` as a value and draws randomness from the [`Entropy`] of its request, so a test that
//! builds a seeded [`Env`] gets the same bytes each time.

use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

use exeunt_core::{Fingerprint, Moment};

/// A step back of the wall clock below this is held back in silence.
const STEP_LOGGED_MILLIS: u64 = 1000;

/// Where time and randomness come from.
#[derive(Clone)]
pub struct Env(Arc<Source>);

enum Source {
    System { latest_millis: AtomicU64, behind: AtomicBool, started: Instant },
    Seeded { seed: u64, millis: AtomicU64, exchanges: AtomicU64 },
}

/// The randomness of one request: never shared between two, so that concurrency cannot change what a request draws.
pub struct Entropy(Draw);

/// Measures how long something took: for what is counted alone, since no two runs are the same.
pub struct Stopwatch(Instant);

enum Draw {
    System,
    Seeded { seed: u64, exchange: u64, draws: Mutex<u64> },
}

impl Env {
    /// The real clock and the operating system's randomness.
    #[expect(clippy::disallowed_methods, reason = "this is the one place")]
    pub fn system() -> Self {
        Self(Arc::new(Source::System {
            latest_millis: AtomicU64::new(0),
            behind: AtomicBool::new(false),
            started: Instant::now(),
        }))
    }

    /// A clock that stands still until it is advanced, and randomness that follows from the seed.
    pub fn seeded(seed: u64, start: Moment) -> Self {
        Self(Arc::new(Source::Seeded {
            seed,
            millis: AtomicU64::new(start.millis()),
            exchanges: AtomicU64::new(0),
        }))
    }

    /// The time. It never goes back within a process: while the wall clock is behind, time stands still.
    pub fn now(&self) -> Moment {
        match &*self.0 {
            Source::Seeded { millis, .. } => Moment::from_millis(millis.load(Ordering::SeqCst)),
            Source::System { latest_millis, behind, .. } => {
                let wall = wall_millis();
                let before = latest_millis.fetch_max(wall, Ordering::Relaxed);
                note_step(before.saturating_sub(wall), behind);
                Moment::from_millis(wall.max(before))
            }
        }
    }

    /// Time that only measures how long something took.
    #[expect(clippy::disallowed_methods, reason = "this is the one place")]
    pub fn elapsed(&self) -> Duration {
        match &*self.0 {
            Source::Seeded { millis, .. } => Duration::from_millis(millis.load(Ordering::SeqCst)),
            Source::System { started, .. } => Instant::now().duration_since(*started),
        }
    }

    /// Lets a seeded clock go on; a real one is not moved.
    pub fn advance_millis(&self, more: u64) {
        if let Source::Seeded { millis, .. } = &*self.0 {
            millis.fetch_add(more, Ordering::SeqCst);
        }
    }

    /// Fresh randomness for one request or one step of a task.
    pub fn entropy(&self) -> Entropy {
        Entropy(match &*self.0 {
            Source::System { .. } => Draw::System,
            Source::Seeded { seed, exchanges, .. } => Draw::Seeded {
                seed: *seed,
                exchange: exchanges.fetch_add(1, Ordering::SeqCst),
                draws: Mutex::new(0),
            },
        })
    }
}

impl Stopwatch {
    /// It runs.
    #[expect(clippy::disallowed_methods, reason = "this is the one place")]
    pub fn start() -> Self {
        Self(Instant::now())
    }

    /// For how long it has run, in seconds.
    pub fn secs(&self) -> f64 {
        self.0.elapsed().as_secs_f64()
    }
}

impl Entropy {
    /// Fills the bytes.
    ///
    /// # Panics
    /// If the operating system has no randomness: then nothing that this server promises could be kept.
    #[expect(clippy::disallowed_methods, clippy::expect_used, reason = "this is the one place")]
    pub fn fill(&self, bytes: &mut [u8]) {
        match &self.0 {
            Draw::System => getrandom::fill(bytes).expect("the operating system gives randomness"),
            Draw::Seeded { seed, exchange, draws } => {
                let mut draws = draws.lock().unwrap_or_else(PoisonError::into_inner);
                for chunk in bytes.chunks_mut(32) {
                    let block = Fingerprint::of(format!("{seed}/{exchange}/{draws}").as_bytes());
                    chunk.copy_from_slice(&block.0[..chunk.len()]);
                    *draws += 1;
                }
            }
        }
    }
}

/// Says once of each step back that there was one. The flag is set before the line is written: the log asks for the
/// time too.
fn note_step(behind_millis: u64, behind: &AtomicBool) {
    if behind_millis > STEP_LOGGED_MILLIS {
        if !behind.swap(true, Ordering::Relaxed) {
            tracing::warn!(behind_millis, "the wall clock stepped back; time stands still");
        }
    } else if behind_millis == 0 && behind.load(Ordering::Relaxed) {
        behind.store(false, Ordering::Relaxed);
    }
}

#[expect(clippy::disallowed_methods, reason = "this is the one place")]
fn wall_millis() -> u64 {
    let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    u64::try_from(since.as_millis()).unwrap_or(u64::MAX)
}
