//! Passwords: checked and hashed on separate threads, so that a flood of logins never delays a check.
//!
//! A login for an unknown user also waits for one real verification, and every refusal waits for its [`Turn`].

mod choice;
mod costs;
mod forms;
mod pool;
#[cfg(test)]
mod tests;
mod turn;

use std::num::NonZeroUsize;
use std::sync::Arc;
use std::thread::available_parallelism;
use std::time::Duration;

pub(super) use choice::must_be_hard_to_guess;
pub use pool::Held;
use prometheus_client::metrics::counter::Counter;
use prometheus_client::metrics::histogram::Histogram;

use crate::authority::passwords::costs::Costs;
use crate::authority::passwords::forms::Argon2Blocks;
use crate::authority::passwords::pool::Pool;
use crate::authority::passwords::turn::Turns;
pub use crate::authority::passwords::turn::{REFUSALS_WAITING_MAX, Turn};
use crate::env::{Env, Stopwatch};
use crate::error::{Error, Kind, Result, Unavailability};
use crate::store::PasswordHash;
use crate::store::figures::seconds;

/// The longest password, in bytes of UTF-8.
pub const PASSWORD_BYTES_MAX: usize = 1024;
/// Callers that may wait for each thread of the pool, by default.
pub const QUEUE_PER_THREAD: usize = 64;

/// A password as the caller typed it. It deliberately has no `Debug` and no `Display`.
#[derive(Clone)]
pub struct Password(Option<String>);

impl Password {
    /// A password as presented. One longer than [`PASSWORD_BYTES_MAX`], or with a NUL, matches nothing and costs the
    /// same; the caller passes undecodable bytes as a NUL.
    pub fn new(text: &str) -> Self {
        let usable = text.len() <= PASSWORD_BYTES_MAX && !text.contains('\0');
        Self(usable.then(|| text.to_owned()))
    }

    /// The text itself, `None` if it can match nothing: only for hashing, and for rules about new passwords.
    pub fn expose(&self) -> Option<&str> {
        self.0.as_deref()
    }
}

/// How many threads check passwords, and how many callers may wait for them.
#[derive(Clone, Copy, Debug)]
pub struct PasswordLimits {
    /// Threads; each holds 19 MiB.
    pub threads: usize,
    /// Callers that may wait for each thread; further ones are refused as busy.
    pub queue: usize,
}

impl PasswordLimits {
    /// Callers that may wait for all threads together.
    pub const fn waiting_max(self) -> usize {
        self.threads.saturating_mul(self.queue)
    }
}

/// One thread fewer than cores, so that one core is left for checks.
impl Default for PasswordLimits {
    fn default() -> Self {
        let cores = available_parallelism().map_or(1, NonZeroUsize::get);
        Self { threads: cores.saturating_sub(1).max(1), queue: QUEUE_PER_THREAD }
    }
}

/// The result of a verification.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Verified {
    /// The password matches the hash.
    pub right: bool,
    /// It matches as a whole, and the hash has another form than [`Passwords::hash`] makes: renew it.
    pub renewable: bool,
}

impl Verified {
    const WRONG: Self = Self { right: false, renewable: false };
}

/// The pool that checks and hashes passwords.
pub struct Passwords {
    pool: Pool,
    threads: usize,
    figures: PasswordFigures,
    env: Env,
    costs: Arc<Costs>,
    /// Held during a measurement; others wait for its result.
    measuring: tokio::sync::Mutex<()>,
    turns: Turns,
}

/// The pool's metrics.
pub struct PasswordFigures {
    /// Seconds from requesting a thread to its result.
    pub secs: Histogram,
    /// Callers refused as busy.
    pub busy: Counter,
}

impl Passwords {
    /// Starts the threads; fails if the operating system refuses one. `env` is the clock that refusals wait for.
    pub fn start(limits: PasswordLimits, env: Env) -> Result<Self> {
        let threads = limits.threads.max(1);
        Ok(Self {
            pool: Pool::start(threads, limits.queue)?,
            threads,
            figures: PasswordFigures { secs: seconds(), busy: Counter::default() },
            env,
            costs: Arc::default(),
            measuring: tokio::sync::Mutex::default(),
            turns: Turns::default(),
        })
    }

    /// Checks a password. `None`, for an unknown user or one without a password, never matches and costs the same.
    ///
    /// Fails at once with [`Unavailability::Busy`] when the queue is full. A caller that leaves
    /// before a thread takes its job costs nothing.
    pub async fn verify(&self, hash: Option<PasswordHash>, password: Password) -> Result<Verified> {
        self.run(self.measured(hash, password)).await
    }

    /// A check that records how long it took.
    fn measured(
        &self,
        hash: Option<PasswordHash>,
        password: Password,
    ) -> impl FnOnce(&mut Argon2Blocks) -> Verified + Send + 'static {
        let (env, costs) = (self.env.clone(), Arc::clone(&self.costs));
        move |memory| {
            let began = env.elapsed();
            let verified = forms::verify(hash.as_ref(), &password, memory);
            costs.learn(hash.as_ref(), env.elapsed().saturating_sub(began));
            verified
        }
    }

    /// Records the form of a hash in the store: refusals then take at least as long as a check of it.
    pub fn hold_form(&self, hash: &PasswordHash) {
        self.costs.hold(hash);
    }

    /// Sets the cost of checking a hash of this form: for tests, whose clock does not advance during a check.
    pub fn set_cost(&self, hash: &PasswordHash, took: Duration) {
        (0..costs::MEASUREMENTS).for_each(|_| self.costs.learn(Some(hash), took));
    }

    /// The cost of checking the most expensive form in the store. Forms that were never checked are measured first.
    async fn dearest(&self) -> Result<Duration> {
        if !self.costs.unmeasured().is_empty() {
            let _measuring = self.measuring.lock().await;
            for sample in self.costs.unmeasured() {
                self.pool.run(self.measured(Some(sample), Password::new(""))).await?;
            }
        }
        Ok(self.costs.dearest())
    }

    /// Hashes a new password with argon2id, in PHC form. Fails like [`Passwords::verify`], and with
    /// [`Kind::Malformed`](crate::error::Kind::Malformed) for a password that can match nothing.
    pub async fn hash(&self, password: Password, salt: [u8; 16]) -> Result<PasswordHash> {
        if password.expose().is_none() {
            let rule = format!(
                "the password is too long or contains a NUL; expected at most {PASSWORD_BYTES_MAX} bytes \
                 and no NUL"
            );
            return Err(Error::malformed("password", rule));
        }
        self.run(move |memory| forms::hash(&password, salt, memory)).await?
    }

    async fn run<T: Send + 'static>(
        &self,
        work: impl FnOnce(&mut Argon2Blocks) -> T + Send + 'static,
    ) -> Result<T> {
        let mut observed = Observed { secs: &self.figures.secs, watch: Stopwatch::start(), counts: true };
        let outcome = self.pool.run(work).await;
        if outcome.as_ref().is_err_and(|error| error.kind() == Kind::Unavailable(Unavailability::Busy)) {
            observed.counts = false;
            self.figures.busy.inc();
        }
        outcome
    }

    /// The pool's metrics.
    pub fn figures(&self) -> &PasswordFigures {
        &self.figures
    }

    /// Whether a hash made by another system can be checked here.
    ///
    /// # Errors
    /// [`Kind::Malformed`](crate::error::Kind::Malformed), with the reason: the form is unknown, or it needs too much
    /// memory or time.
    pub fn must_be_usable(hash: &PasswordHash) -> Result<()> {
        forms::must_be_usable(hash)
            .map_err(|reason| Error::malformed("password_hash", format!("password_hash: {reason}")))
    }

    /// Gauge: how many callers wait for a thread.
    pub fn waiting(&self) -> usize {
        self.pool.waiting()
    }

    /// Makes every verification wait just before it returns, until the returned value is dropped, so that tests can act
    /// while a password is being checked.
    pub fn hold(&self) -> Held {
        self.pool.hold()
    }
}

/// Observes how long a caller used the pool, also if it hangs up.
struct Observed<'a> {
    secs: &'a Histogram,
    watch: Stopwatch,
    counts: bool,
}

impl Drop for Observed<'_> {
    fn drop(&mut self) {
        if self.counts {
            self.secs.observe(self.watch.secs());
        }
    }
}
