//! Times the response to a refused login, so that the time reveals neither whether the user exists nor the form of the
//! password hash.
//!
//! A refusal is sent when it would be if every hash in the store were of the most expensive form and every earlier
//! login were still to be checked. After its own check it waits without holding a thread.

use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use super::Passwords;
use crate::error::{Error, Result, Unavailability};

/// The most earlier logins that a refusal allows time for: as many as one person has in flight from one address.
const TURNS_MAX: u32 = 10;
/// The most refusals that wait for their time at once; beyond it, a login is refused as busy before its password is
/// checked.
pub const REFUSALS_WAITING_MAX: usize = 4_096;

/// Logins without a response yet.
#[derive(Default)]
pub(super) struct Turns {
    /// All of them: queued, being checked, or refused and waiting for their time.
    begun: AtomicUsize,
    /// Those refused and waiting for their time.
    refused: AtomicUsize,
}

/// One login, from its request for a check until its response.
pub struct Turn<'a> {
    passwords: &'a Passwords,
    asked: Duration,
    /// How many checks per thread its refusal allows time for, its own included.
    number: u32,
}

impl Passwords {
    /// Begins the turn of a login.
    ///
    /// # Errors
    /// `Unavailable(Busy)` while too many refusals wait.
    pub fn turn(&self) -> Result<Turn<'_>> {
        if self.turns.refused.load(Ordering::SeqCst) >= REFUSALS_WAITING_MAX {
            return Err(Error::unavailable(Unavailability::Busy)
                .because("too many refused logins are waiting for their delay"));
        }
        let before = self.turns.begun.fetch_add(1, Ordering::SeqCst) / self.threads;
        let number = u32::try_from(before).unwrap_or(TURNS_MAX).saturating_add(1).min(TURNS_MAX);
        Ok(Turn { passwords: self, asked: self.env.elapsed(), number })
    }
}

impl Turn<'_> {
    /// Returns when the refusal may be sent.
    ///
    /// # Errors
    /// `Unavailable(Busy)` if the cost of a form is not known yet and no thread can measure it now.
    pub async fn refuse(&self) -> Result<()> {
        let _waiting = Waiting::begin(&self.passwords.turns.refused);
        let due = due(self.asked, self.number, self.passwords.dearest().await?);
        self.passwords.env.wait_until(due).await;
        Ok(())
    }
}

impl Drop for Turn<'_> {
    fn drop(&mut self) {
        self.passwords.turns.begun.fetch_sub(1, Ordering::SeqCst);
    }
}

/// When a refusal is sent. A quarter is added to the cost, so that a check slightly slower than most is done by then.
fn due(asked: Duration, number: u32, dearest: Duration) -> Duration {
    asked + (dearest + dearest / 4) * number
}

/// Increments a count for as long as it exists.
struct Waiting<'a>(&'a AtomicUsize);

impl<'a> Waiting<'a> {
    fn begin(count: &'a AtomicUsize) -> Self {
        count.fetch_add(1, Ordering::SeqCst);
        Self(count)
    }
}

impl Drop for Waiting<'_> {
    fn drop(&mut self) {
        self.0.fetch_sub(1, Ordering::SeqCst);
    }
}

#[cfg(test)]
mod tests {
    use exeunt_core::Moment;
    use futures_util::FutureExt;

    use super::*;
    use crate::authority::passwords::PasswordLimits;
    use crate::env::Env;
    use crate::error::Kind;

    fn passwords(threads: usize) -> (Env, Passwords) {
        let env = Env::seeded(1, Moment::from_secs(1_000_000));
        let passwords = Passwords::start(PasswordLimits { threads, queue: 1 }, env.clone()).unwrap();
        passwords.costs.learn(None, Duration::from_millis(100));
        (env, passwords)
    }

    #[tokio::test]
    async fn a_refusal_allows_time_for_all_before_it() {
        for (threads, turns, factors) in
            [(1, 12, [1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 10, 10].as_slice()), (3, 7, &[1, 1, 1, 2, 2, 2, 3])]
        {
            let (env, passwords) = passwords(threads);
            let all: Vec<_> = (0..turns).map(|_| passwords.turn().unwrap()).collect();
            for (turn, factor) in all.iter().zip(factors) {
                let mut refused = Box::pin(turn.refuse());
                assert!(refused.as_mut().now_or_never().is_none());
                let due = env.waited_for().now_or_never().unwrap();
                assert_eq!(due, env.elapsed() + Duration::from_millis(125) * *factor, "{threads} threads");
            }
        }
    }

    #[tokio::test]
    async fn it_is_answered_then_and_not_before() {
        let (env, passwords) = passwords(1);
        let turn = passwords.turn().unwrap();
        let mut refused = Box::pin(turn.refuse());
        assert!(refused.as_mut().now_or_never().is_none());
        env.advance_millis(124);
        assert!(refused.as_mut().now_or_never().is_none());
        env.advance_millis(1);
        refused.as_mut().now_or_never().unwrap().unwrap();
        drop(refused);
        drop(turn);
        assert_eq!(passwords.turn().unwrap().number, 1, "an answered caller no longer counts as waiting");
    }

    #[tokio::test]
    async fn refusals_that_wait_are_bounded() {
        let (_, passwords) = passwords(1);
        let turn = passwords.turn().unwrap();
        let mut waiting: Vec<_> = (0..REFUSALS_WAITING_MAX).map(|_| Box::pin(turn.refuse())).collect();
        assert!(waiting.iter_mut().all(|one| one.as_mut().now_or_never().is_none()));
        assert!(passwords.turn().is_err_and(|error| error.kind() == Kind::Unavailable(Unavailability::Busy)));
        drop(waiting.pop());
        assert!(passwords.turn().is_ok());
    }
}
