//! The world outside: the one file that reads the clock and the operating system's randomness.
//!
//! Everything below takes `now` as a value and draws randomness from the [`Entropy`] of its request, so a test that
//! builds a seeded [`Env`] gets the same bytes each time.

use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

use exeunt_core::{Fingerprint, Moment};
use tokio::sync::watch;

/// A step back of the wall clock below this is held back in silence.
const STEP_LOGGED_MILLIS: u64 = 1000;

/// Where time and randomness come from.
#[derive(Clone)]
pub struct Env(Arc<Source>);

enum Source {
    System { wall: Wall, started: Instant },
    Seeded { seed: u64, millis: AtomicU64, exchanges: AtomicU64, waits: watch::Sender<Waits> },
}

/// Who waits for a seeded clock.
#[derive(Default)]
struct Waits {
    /// What [`Env::elapsed`] must say before the one goes on that began to wait last; `None` before anybody does.
    latest: Option<Duration>,
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
        Self(Arc::new(Source::System { wall: Wall::default(), started: Instant::now() }))
    }

    /// A clock that stands still until it is advanced, and randomness that follows from the seed.
    pub fn seeded(seed: u64, start: Moment) -> Self {
        Self(Arc::new(Source::Seeded {
            seed,
            millis: AtomicU64::new(start.millis()),
            exchanges: AtomicU64::new(0),
            waits: watch::Sender::default(),
        }))
    }

    /// The time. It never goes back within a process: while the wall clock is behind, time stands still.
    pub fn now(&self) -> Moment {
        match &*self.0 {
            Source::Seeded { millis, .. } => Moment::from_millis(millis.load(Ordering::SeqCst)),
            Source::System { wall, .. } => wall.read(wall_millis(), |behind_millis| {
                tracing::warn!(behind_millis, "the wall clock stepped back; time stands still");
            }),
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

    /// Returns when [`Env::elapsed`] says this much or more.
    pub async fn wait_until(&self, elapsed: Duration) {
        match &*self.0 {
            Source::System { .. } => {
                let left = elapsed.saturating_sub(self.elapsed());
                if !left.is_zero() {
                    tokio::time::sleep(left).await;
                }
            }
            Source::Seeded { waits, .. } => {
                if self.elapsed() >= elapsed {
                    return;
                }
                waits.send_modify(|waits| waits.latest = Some(elapsed));
                // It fails only without a sender, and the sender is ours.
                drop(waits.subscribe().wait_for(|_| self.elapsed() >= elapsed).await);
            }
        }
    }

    /// For tests with a seeded clock: returns when somebody waits for it, and until when. A real clock: never.
    pub async fn waited_for(&self) -> Duration {
        let Source::Seeded { waits, .. } = &*self.0 else { return std::future::pending().await };
        let mut seen = waits.subscribe();
        let latest = seen.wait_for(|waits| waits.latest.is_some()).await;
        latest.ok().and_then(|waits| waits.latest).unwrap_or_default()
    }

    /// Lets a seeded clock go on; a real one is not moved.
    pub fn advance_millis(&self, more: u64) {
        if let Source::Seeded { millis, waits, .. } = &*self.0 {
            millis.fetch_add(more, Ordering::SeqCst);
            waits.send_modify(|waits| waits.latest = None);
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

/// What was read from the wall clock.
#[derive(Default)]
struct Wall {
    latest_millis: AtomicU64,
    behind: AtomicBool,
}

impl Wall {
    /// The time when the wall clock says this. `say` is told once of each step back by how many milliseconds it is; it
    /// is called when that is noted already, since the log asks for the time too.
    fn read(&self, wall_millis: u64, say: impl FnOnce(u64)) -> Moment {
        let before = self.latest_millis.fetch_max(wall_millis, Ordering::Relaxed);
        let behind_millis = before.saturating_sub(wall_millis);
        if behind_millis > STEP_LOGGED_MILLIS {
            if !self.behind.swap(true, Ordering::Relaxed) {
                say(behind_millis);
            }
        } else if behind_millis == 0 && self.behind.load(Ordering::Relaxed) {
            self.behind.store(false, Ordering::Relaxed);
        }
        Moment::from_millis(wall_millis.max(before))
    }
}

#[expect(clippy::disallowed_methods, reason = "this is the one place")]
fn wall_millis() -> u64 {
    let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    u64::try_from(since.as_millis()).unwrap_or(u64::MAX)
}

#[cfg(test)]
mod tests {
    use std::cell::{Cell, RefCell};

    use super::*;

    #[test]
    fn time_never_goes_back_and_each_step_is_told_once() {
        let (wall, steps) = (Wall::default(), RefCell::new(Vec::new()));
        let read = |millis| wall.read(millis, |behind| steps.borrow_mut().push(behind)).millis();
        assert_eq!([10_000, 12_000].map(read), [10_000, 12_000]);
        // So little is no step.
        assert_eq!([11_000, 12_000].map(read), [12_000, 12_000]);
        assert_eq!([5_000, 5_001, 11_500, 11_999].map(read), [12_000; 4]);
        assert_eq!(read(12_001), 12_001);
        assert_eq!([3_000, 12_002].map(read), [12_001, 12_002]);
        assert_eq!(steps.into_inner(), [7_000, 9_001]);
    }

    /// The log writes the time into its line, and asks this clock for it.
    #[test]
    fn telling_of_a_step_may_ask_for_the_time() {
        fn read(wall: &Wall, told: &Cell<u32>) {
            wall.read(1_000, |_| {
                told.set(told.get() + 1);
                assert_eq!(told.get(), 1);
                read(wall, told);
            });
        }
        let (wall, told) = (Wall::default(), Cell::new(0));
        wall.read(60_000, |_| {});
        read(&wall, &told);
        assert_eq!(told.get(), 1);
    }
}
