//! Time: the only file here that reads clocks and waits.

use std::time::{Duration, Instant};

use rustix::time::{ClockId, clock_gettime};

#[expect(clippy::disallowed_methods, reason = "a measurement measures time")]
pub(crate) fn now() -> Instant {
    Instant::now()
}

/// The wall clock.
#[expect(clippy::disallowed_methods, reason = "a report has a date, and sessions a time of issue")]
pub(crate) fn wall() -> Duration {
    std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH).unwrap_or_default()
}

/// Waits until this time; returns at once if it has passed.
#[expect(clippy::disallowed_methods, reason = "what is offered at a fixed rate waits for its moment")]
pub(crate) fn wait_until(then: Instant) {
    let left = then.saturating_duration_since(now());
    if !left.is_zero() {
        std::thread::sleep(left);
    }
}

pub(crate) fn wait(pause: Duration) {
    wait_until(now() + pause);
}

/// The processor time that this thread has used.
pub(crate) fn thread_cpu() -> Duration {
    let time = clock_gettime(ClockId::ThreadCPUTime);
    Duration::new(u64::try_from(time.tv_sec).unwrap_or(0), u32::try_from(time.tv_nsec).unwrap_or(0))
}
