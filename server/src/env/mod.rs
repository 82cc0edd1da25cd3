//! The outside world: the one file that reads the clock and the operating system's randomness.
//!
//! All other code gets `now` as a value and draws randomness from the [`Entropy`] of its request, so a test with a
//! seeded [`Env`] gets the same bytes each time.

pub mod clock;

use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

use exeunt_core::{Fingerprint, Moment};
use rustix::time::{ClockId, clock_gettime};
use tokio::sync::watch;

use crate::env::clock::{Clock, Difference, News};
use crate::lock::Exclusive as _;

/// How often both clocks are read again if the process was delayed between the readings.
const READINGS_MAX: usize = 5;
/// Two readings at most this many milliseconds apart can be compared.
const HELD_UP_MILLIS: u64 = 10;

/// The source of time and randomness.
#[derive(Clone)]
pub struct Env(Arc<Source>);

enum Source {
    System { clock: Clock, started: Instant },
    Manual { clock: Clock, clocks: Arc<ManualClocks> },
    Seeded { seed: u64, millis: AtomicU64, exchanges: AtomicU64, waits: watch::Sender<Waits> },
}

/// Waiters on a seeded clock.
#[derive(Default)]
struct Waits {
    /// The [`Env::elapsed`] that the latest waiter waits for; `None` before the first.
    latest: Option<Duration>,
}

/// The randomness of one request. Never shared between requests, so concurrency cannot change what a request draws.
pub struct Entropy(Draw);

/// Measures durations, only for metrics, since no two runs are the same.
pub struct Stopwatch(Instant);

enum Draw {
    System,
    Seeded { seed: u64, exchange: u64, draws: Mutex<u64> },
}

impl Env {
    /// The real clock and the operating system's randomness.
    #[expect(clippy::disallowed_methods, reason = "this is the one place")]
    pub fn system() -> Self {
        Self(Arc::new(Source::System { clock: Clock::default(), started: Instant::now() }))
    }

    /// A clock that stands still until it is advanced, and randomness derived from the seed.
    pub fn seeded(seed: u64, start: Moment) -> Self {
        Self(Arc::new(Source::Seeded {
            seed,
            millis: AtomicU64::new(start.millis()),
            exchanges: AtomicU64::new(0),
            waits: watch::Sender::default(),
        }))
    }

    /// The operating system's randomness, and clocks that a test sets.
    pub fn with_clocks(clocks: Arc<ManualClocks>) -> Self {
        Self(Arc::new(Source::Manual { clock: Clock::default(), clocks }))
    }

    /// The time. It never goes back within a process, and a step of the wall clock is on trial first: see [`Clock`].
    pub fn now(&self) -> Moment {
        match &*self.0 {
            Source::Seeded { millis, .. } => Moment::from_millis(millis.load(Ordering::SeqCst)),
            Source::System { clock, .. } => {
                // In this order, a delay between the two makes the wall clock seem behind, which costs least.
                let (wall, boot) = (wall_millis(), boot_millis());
                clock.agreed(wall, boot).unwrap_or_else(|| now(clock, both_millis()))
            }
            Source::Manual { clock, clocks } => now(clock, clocks.read()),
        }
    }

    /// How much the wall clock differs from [`Env::now`].
    pub fn difference(&self) -> Difference {
        match &*self.0 {
            Source::System { clock, .. } | Source::Manual { clock, .. } => clock.difference(),
            Source::Seeded { .. } => Difference::default(),
        }
    }

    /// A monotonic time, only for measuring durations.
    #[expect(clippy::disallowed_methods, reason = "this is the one place")]
    pub fn elapsed(&self) -> Duration {
        match &*self.0 {
            Source::Seeded { millis, .. } => Duration::from_millis(millis.load(Ordering::SeqCst)),
            Source::System { started, .. } => Instant::now().duration_since(*started),
            Source::Manual { clocks, .. } => Duration::from_millis(clocks.read().1),
        }
    }

    /// Returns once [`Env::elapsed`] has reached `elapsed`.
    pub async fn wait_until(&self, elapsed: Duration) {
        match &*self.0 {
            Source::System { .. } => {
                let left = elapsed.saturating_sub(self.elapsed());
                if !left.is_zero() {
                    tokio::time::sleep(left).await;
                }
            }
            // No test advances these clocks while a task waits.
            Source::Manual { .. } => {}
            Source::Seeded { waits, .. } => {
                if self.elapsed() >= elapsed {
                    return;
                }
                waits.send_modify(|waits| waits.latest = Some(elapsed));
                // It fails only without a sender, and `self` holds the sender.
                drop(waits.subscribe().wait_for(|_| self.elapsed() >= elapsed).await);
            }
        }
    }

    /// For tests with a seeded clock: returns once a task waits for it, and until when. With a real clock: never.
    pub async fn waited_for(&self) -> Duration {
        let Source::Seeded { waits, .. } = &*self.0 else { return std::future::pending().await };
        let mut seen = waits.subscribe();
        let latest = seen.wait_for(|waits| waits.latest.is_some()).await;
        latest.ok().and_then(|waits| waits.latest).unwrap_or_default()
    }

    /// Advances a seeded clock; a real one is not moved.
    pub fn advance_millis(&self, more: u64) {
        if let Source::Seeded { millis, waits, .. } = &*self.0 {
            millis.fetch_add(more, Ordering::SeqCst);
            waits.send_modify(|waits| waits.latest = None);
        }
    }

    /// Fresh randomness for one request or one step of a task.
    pub fn entropy(&self) -> Entropy {
        Entropy(match &*self.0 {
            Source::System { .. } | Source::Manual { .. } => Draw::System,
            Source::Seeded { seed, exchanges, .. } => Draw::Seeded {
                seed: *seed,
                exchange: exchanges.fetch_add(1, Ordering::SeqCst),
                draws: Mutex::new(0),
            },
        })
    }
}

/// The time by these readings. News is logged after the judgement, since the log asks for the time itself.
fn now(clock: &Clock, (wall, boot): (u64, u64)) -> Moment {
    let (now, news) = clock.read(wall, boot);
    match news {
        Some(news @ (News::CameBack | News::Agreed)) => tracing::info!("{news}"),
        Some(news) => tracing::warn!("{news}"),
        None => {}
    }
    now
}

impl Stopwatch {
    /// Starts it.
    #[expect(clippy::disallowed_methods, reason = "this is the one place")]
    pub fn start() -> Self {
        Self(Instant::now())
    }

    /// Seconds since the start.
    pub fn secs(&self) -> f64 {
        self.0.elapsed().as_secs_f64()
    }
}

impl Entropy {
    /// Fills the bytes.
    ///
    /// # Panics
    /// If the operating system has no randomness: without it no promise of this server holds.
    #[expect(clippy::disallowed_methods, clippy::expect_used, reason = "this is the one place")]
    pub fn fill(&self, bytes: &mut [u8]) {
        match &self.0 {
            Draw::System => getrandom::fill(bytes).expect("the operating system gives randomness"),
            Draw::Seeded { seed, exchange, draws } => {
                let mut draws = draws.hold();
                for chunk in bytes.chunks_mut(32) {
                    let block = Fingerprint::of(format!("{seed}/{exchange}/{draws}").as_bytes());
                    chunk.copy_from_slice(&block.0[..chunk.len()]);
                    *draws += 1;
                }
            }
        }
    }
}

/// Clocks that a test sets, to show what happens when the wall clock is set.
#[derive(Debug, Default)]
pub struct ManualClocks {
    wall_millis: AtomicU64,
    boot_millis: AtomicU64,
}

impl ManualClocks {
    /// Both clocks stand still until they are moved. The machine was booted a day ago.
    pub fn new(wall: Moment) -> Arc<Self> {
        const BOOT_MILLIS: u64 = 86_400_000;
        let (wall_millis, boot_millis) = (AtomicU64::new(wall.millis()), AtomicU64::new(BOOT_MILLIS));
        Arc::new(Self { wall_millis, boot_millis })
    }

    /// Advances both clocks.
    pub fn pass_millis(&self, millis: u64) {
        self.wall_millis.fetch_add(millis, Ordering::SeqCst);
        self.boot_millis.fetch_add(millis, Ordering::SeqCst);
    }

    /// Sets the wall clock by this many milliseconds (negative: back).
    pub fn step_millis(&self, by: i64) {
        self.wall_millis.fetch_add(by.cast_unsigned(), Ordering::SeqCst);
    }

    fn read(&self) -> (u64, u64) {
        (self.wall_millis.load(Ordering::SeqCst), self.boot_millis.load(Ordering::SeqCst))
    }
}

#[expect(clippy::disallowed_methods, reason = "this is the one place")]
fn wall_millis() -> u64 {
    let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    u64::try_from(since.as_millis()).unwrap_or(u64::MAX)
}

/// Advances while the machine is suspended, and is never set.
fn boot_millis() -> u64 {
    #[cfg(any(target_os = "linux", target_os = "android"))]
    const CLOCK: ClockId = ClockId::Boottime;
    #[cfg(not(any(target_os = "linux", target_os = "android")))]
    const CLOCK: ClockId = ClockId::Monotonic;
    let read = clock_gettime(CLOCK);
    let millis = read.tv_sec.saturating_mul(1_000).saturating_add(read.tv_nsec / 1_000_000);
    u64::try_from(millis).unwrap_or_default()
}

/// Both clocks, read so close together that they can be compared: after a delay in between they are read again.
fn both_millis() -> (u64, u64) {
    let mut wall = wall_millis();
    for _ in 0..READINGS_MAX {
        let before = boot_millis();
        wall = wall_millis();
        if boot_millis() - before <= HELD_UP_MILLIS {
            return (wall, before);
        }
    }
    (wall, boot_millis())
}
