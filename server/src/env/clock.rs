//! The server's time, computed from two clocks: the wall clock, which can be set, and the time since boot, which
//! cannot, and which continues while the machine is suspended.
//!
//! The wall clock is believed as long as both clocks advance together. A step of more than a second is on trial until
//! it has lasted ten seconds: until then time follows the other clock. So a wall clock that is briefly wrong ends no
//! session and lifts no lock-out. See `docs/decisions/0018-a-clock-that-steps-is-on-trial.md`.
//!
//! Reads no clock itself: callers pass both readings.

use std::fmt;
use std::sync::atomic::{AtomicI64, AtomicU64, Ordering};
use std::sync::{Mutex, MutexGuard};

use exeunt_core::Moment;

use crate::lock::Exclusive as _;

/// A difference of more than this many milliseconds is a step.
pub const STEP_MILLIS: u64 = 1_000;
/// A step is believed once it has lasted this many milliseconds.
pub const TRIAL_MILLIS: u64 = 10_000;
/// Time runs slower by one part in this many while it waits for a wall clock that was set back.
const SLEW_PART: u64 = 10;
/// Two readings in whole milliseconds of clocks that advance together differ by up to this.
const ROUNDING_MILLIS: u64 = 1;
/// News logged in an hour at most: a wall clock that is set all the time must not fill the log.
const NEWS_PER_HOUR: u32 = 20;
const HOUR_MILLIS: u64 = 3_600_000;
/// Stands for an offset: the clocks disagree, or were never read.
const DISAGREE: i64 = i64::MIN;

/// Computes the time. While the clocks agree, this takes no lock.
pub struct Clock {
    /// The wall clock minus the time since boot; or [`DISAGREE`].
    agreed: AtomicI64,
    /// The latest time returned: no earlier one is returned after it.
    latest_millis: AtomicU64,
    /// The milliseconds since boot of the latest judgement, plus one; 0: there was none.
    judged_millis: AtomicU64,
    /// The wall clock minus the time returned (negative: it is behind).
    ahead_millis: AtomicI64,
    steps: AtomicU64,
    state: Mutex<Option<ClockState>>,
}

/// A change of the wall clock's state, for the log.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum News {
    /// It stepped by this many milliseconds (negative: back). It is now on trial.
    Stepped(i64),
    /// It came back before the step was believed.
    CameBack,
    /// It was ahead for the whole trial: time jumped to it.
    BelievedAhead(i64),
    /// It was behind for the whole trial: time runs slower until both agree.
    BelievedBehind(i64),
    /// Both clocks agree again.
    Agreed,
}

/// How much the wall clock differs from the time returned.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Difference {
    /// The wall clock minus the time returned, in milliseconds.
    pub ahead_millis: i64,
    /// How often the wall clock has stepped, believed or not.
    pub steps: u64,
}

/// All times are offsets from the time since boot, so that they are constant while both clocks advance together.
struct ClockState {
    /// The believed offset of the wall clock.
    believed: i64,
    /// The offset of the time returned when it began to wait for the believed one, and when that was.
    from: (i64, u64),
    /// The believed offset when the latest span of [`TRIAL_MILLIS`] began, and when that was: many small steps make a
    /// large one.
    stood: (i64, u64),
    trial: Option<Trial>,
    /// `true` if the latest news said that the clocks differ.
    told: bool,
    latest_boot: u64,
    quota: (u64, u32),
}

/// A step that is not yet believed.
struct Trial {
    offset: i64,
    since: u64,
}

impl Clock {
    /// The time, from a reading of both clocks in milliseconds, and what changed.
    pub fn read(&self, wall_millis: u64, boot_millis: u64) -> (Moment, Option<News>) {
        if let Some(now) = self.agreed(wall_millis, boot_millis) {
            return (now, None);
        }
        let (offset, boot) = (signed(wall_millis) - signed(boot_millis), boot_millis);
        // Nothing changes within a millisecond: one caller judges, the others get the same time.
        if self.judged_millis.load(Ordering::Acquire) == boot.saturating_add(1) {
            return (Moment::from_millis(self.latest_millis.load(Ordering::Relaxed)), None);
        }
        let mut known = self.lock();
        let state = known.get_or_insert_with(|| ClockState::new(offset, boot));
        // A caller that was delayed since its reading judges nothing.
        let news = if boot < state.latest_boot { None } else { state.judge(offset, boot) };
        let ours = state.offset(boot);
        if boot == state.latest_boot {
            let agreed = state.trial.is_none() && ours == state.believed;
            self.agreed.store(if agreed { ours } else { DISAGREE }, Ordering::Relaxed);
            self.ahead_millis.store(if agreed { 0 } else { offset - ours }, Ordering::Relaxed);
        }
        let now = self.reach(u64::try_from(signed(boot) + ours).unwrap_or_default());
        // After `reach`: a caller that sees the judgement also sees the time.
        self.judged_millis.fetch_max(state.latest_boot.saturating_add(1), Ordering::Release);
        self.steps.fetch_add(u64::from(matches!(news, Some(News::Stepped(_)))), Ordering::Relaxed);
        (now, news.filter(|_| state.may_tell(boot)))
    }

    /// The time, if both clocks agree. Nearly all calls take this path.
    pub fn agreed(&self, wall_millis: u64, boot_millis: u64) -> Option<Moment> {
        let agreed = self.agreed.load(Ordering::Relaxed);
        let apart = (signed(wall_millis) - signed(boot_millis)).abs_diff(agreed);
        (agreed != DISAGREE && apart <= ROUNDING_MILLIS).then(|| self.reach(wall_millis))
    }

    /// How much the wall clock differs, as of the latest reading.
    pub fn difference(&self) -> Difference {
        Difference {
            ahead_millis: self.ahead_millis.load(Ordering::Relaxed),
            steps: self.steps.load(Ordering::Relaxed),
        }
    }

    /// Returns this time, or the latest one returned before if that is later.
    fn reach(&self, millis: u64) -> Moment {
        let before = self.latest_millis.load(Ordering::Relaxed);
        if millis <= before {
            return Moment::from_millis(before);
        }
        let before = self.latest_millis.fetch_max(millis, Ordering::Relaxed);
        Moment::from_millis(millis.max(before))
    }

    /// A panic under the lock cannot leave the state half changed.
    fn lock(&self) -> MutexGuard<'_, Option<ClockState>> {
        self.state.hold()
    }
}

impl Default for Clock {
    fn default() -> Self {
        Self {
            agreed: AtomicI64::new(DISAGREE),
            latest_millis: AtomicU64::new(0),
            judged_millis: AtomicU64::new(0),
            ahead_millis: AtomicI64::new(0),
            steps: AtomicU64::new(0),
            state: Mutex::new(None),
        }
    }
}

impl ClockState {
    /// The first reading is believed: there is nothing to compare it with.
    const fn new(offset: i64, boot: u64) -> Self {
        let (from, stood) = ((offset, boot), (offset, boot));
        Self { believed: offset, from, stood, trial: None, told: false, latest_boot: boot, quota: (0, 0) }
    }

    /// The offset of the time returned: the believed one, or what is still above it after this wait.
    fn offset(&self, boot: u64) -> i64 {
        let waited = signed(boot.saturating_sub(self.from.1) / SLEW_PART);
        self.believed.max(self.from.0 - waited)
    }

    fn judge(&mut self, offset: i64, boot: u64) -> Option<News> {
        self.latest_boot = boot;
        if boot - self.stood.1 >= TRIAL_MILLIS {
            self.stood = (self.believed, boot);
        }
        let near = |other: i64| offset.abs_diff(other) <= STEP_MILLIS;
        if near(self.believed) && near(self.stood.0) {
            let was_on_trial = self.trial.take().is_some();
            self.believe(offset, boot);
            // It may have come back to an offset that time still waits for.
            let differs = self.offset(boot) != offset;
            let agrees = self.told && !differs;
            let news = was_on_trial.then_some(News::CameBack).or(agrees.then_some(News::Agreed))?;
            return self.tells(news, differs);
        }
        let by = offset - self.offset(boot);
        let same = self.trial.as_ref().filter(|trial| near(trial.offset));
        let Some(since) = same.map(|trial| trial.since) else {
            self.trial = Some(Trial { offset, since: boot });
            return self.tells(News::Stepped(by), true);
        };
        if boot - since < TRIAL_MILLIS {
            return None;
        }
        self.trial = None;
        self.stood = (offset, boot);
        self.believe(offset, boot);
        if by >= 0 {
            self.tells(News::BelievedAhead(by), false)
        } else {
            self.tells(News::BelievedBehind(by), true)
        }
    }

    /// Time moves to this offset: at once if it is ahead, otherwise by running slower.
    fn believe(&mut self, offset: i64, boot: u64) {
        let ours = self.offset(boot);
        if offset != self.believed {
            self.believed = offset;
            self.from = (ours.max(offset), boot);
        }
    }

    fn tells(&mut self, news: News, differs: bool) -> Option<News> {
        self.told = differs;
        Some(news)
    }

    fn may_tell(&mut self, boot: u64) -> bool {
        let hour = boot / HOUR_MILLIS;
        if self.quota.0 != hour {
            self.quota = (hour, 0);
        }
        self.quota.1 = self.quota.1.saturating_add(1);
        self.quota.1 <= NEWS_PER_HOUR
    }
}

impl Difference {
    /// Whether the clocks differ.
    pub const fn is_any(self) -> bool {
        self.ahead_millis != 0
    }
}

/// For the operator.
impl fmt::Display for Difference {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (secs, way) =
            (secs(self.ahead_millis), if self.ahead_millis < 0 { "behind" } else { "ahead of" });
        write!(
            f,
            "the wall clock is {secs} s {way} the server's clock: a step is accepted once it has lasted {} \
             s, and after a step back the server's clock runs a tenth slower until both agree",
            TRIAL_MILLIS / 1_000
        )
    }
}

impl fmt::Display for News {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Stepped(by) => write!(
                f,
                "the wall clock stepped by {} s; the step is accepted once it has lasted {} s, and ignored \
                 until then",
                Signed(*by),
                TRIAL_MILLIS / 1_000
            ),
            Self::CameBack => f.write_str("the wall clock came back before its step was accepted"),
            Self::BelievedAhead(by) => {
                write!(
                    f,
                    "the step of the wall clock by {} s was accepted; the server's clock has followed it",
                    Signed(*by)
                )
            }
            Self::BelievedBehind(by) => write!(
                f,
                "the step of the wall clock by {} s was accepted; the server's clock runs a tenth slower \
                 until both agree",
                Signed(*by)
            ),
            Self::Agreed => f.write_str("the wall clock and the server's clock agree again"),
        }
    }
}

/// Seconds with a sign.
struct Signed(i64);

impl fmt::Display for Signed {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let sign = if self.0 < 0 { '-' } else { '+' };
        write!(f, "{sign}{}", secs(self.0))
    }
}

/// Seconds with one decimal, without the sign.
fn secs(millis: i64) -> String {
    let tenths = millis.unsigned_abs().div_ceil(100);
    format!("{}.{}", tenths / 10, tenths % 10)
}

/// A quarter of the range is 146 million years: sums and differences of two such numbers fit.
fn signed(millis: u64) -> i64 {
    i64::try_from(millis).unwrap_or(i64::MAX).min(i64::MAX / 4)
}
