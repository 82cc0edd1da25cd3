//! Maintenance in small steps, called by background tasks: flush touches, expire, sweep, recover.

use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};

use exeunt_core::{Moment, SessionId, Verdict};
use tokio::sync::watch;

use crate::authority::Authority;
use crate::authority::cache::sessions::{CachedSession, SHARDS, SessionCache};
use crate::error::{Error, Kind, Result, Unavailability};
use crate::lock::Exclusive as _;
use crate::store::{Seen, Swept};

/// The most touches that wait to be written. Further ones are lost; the session's first use an interval later adds a
/// new one.
const TOUCHES_MAX: usize = 1_000_000;
/// The most touches written in one transaction.
const TOUCHES_PER_WRITE: usize = 500;
/// The most sessions expired in one transaction.
const EXPIRED_PER_WRITE: usize = 250;
/// The most catch-ups with the store in one recovery.
const CATCH_UPS_MAX: u32 = 16;
/// How long a dead session is kept at least. A code is redeemed once because its session's id is taken: so it must be kept
/// for as long as a code is good, which is a minute.
const DEAD_SECS_MIN: u64 = 600;
/// Rows read in one step of sweeping.
const SWEEP_ROWS: u32 = 1_000;

/// Touches that are not written yet.
#[derive(Default)]
pub struct Touches {
    waiting: Mutex<Vec<Seen>>,
    /// The last write failed: last-seen in the store lags by more than the store allows for.
    late: AtomicBool,
}

/// The next shard to expire.
#[derive(Default)]
pub struct Round(AtomicUsize);

impl Authority {
    /// Writes the touches that are due.
    ///
    /// # Errors
    /// `Unavailable`; unwritten touches wait for the next step.
    pub async fn flush(&self) -> Result<()> {
        loop {
            let batch = self.touches.take(TOUCHES_PER_WRITE);
            if batch.is_empty() {
                self.touches.late.store(false, Ordering::SeqCst);
                return Ok(());
            }
            if let Err(error) = self.settle(self.store.touch(batch.clone()).await) {
                self.touches.put_back(batch);
                self.touches.late.store(true, Ordering::SeqCst);
                return Err(error);
            }
        }
    }

    /// Checks one shard: drops sessions ended by a mark on an ancestor or on what they have in common with others, and
    /// raises `Expired` on those that have certainly expired. Returns whether a whole round is done.
    ///
    /// # Errors
    /// `Unavailable`.
    pub async fn expire(&self, now: Moment) -> Result<bool> {
        let shard = self.round.0.fetch_add(1, Ordering::Relaxed) % SHARDS;
        let mut expired = Vec::new();
        for live in self.memory.shard(shard) {
            match self.memory.judge(&live, now) {
                Verdict::Ended(_) => self.memory.remove(live.session.id),
                // The mark of an ancestor says so: it needs none of its own.
                Verdict::Expired if live.is_marked() => self.memory.remove(live.session.id),
                Verdict::Expired if self.memory.surely_expired_itself(&live, now) => {
                    expired.push(live.session.id);
                }
                Verdict::Expired | Verdict::Alive => {}
            }
        }
        for batch in expired.chunks(EXPIRED_PER_WRITE) {
            self.expire_batch(batch, now).await?;
        }
        Ok(shard + 1 == SHARDS)
    }

    /// Whether [`Authority::expire`] has checked every shard since the start.
    pub fn has_checked_all(&self) -> bool {
        self.round.0.load(Ordering::Relaxed) >= SHARDS
    }

    /// Deletes, in one small step, records that have been dead for long enough. Returns what was deleted.
    ///
    /// # Errors
    /// `Unavailable`.
    pub async fn sweep(&self, now: Moment) -> Result<Swept> {
        self.flush_late().await?;
        let keep = self.retention;
        let dead_secs = keep.dead_secs.max(DEAD_SECS_MIN);
        self.settle(self.store.sweep(now, dead_secs, keep.log_secs, SWEEP_ROWS).await)
    }

    /// Recovers from an unknown outcome: reopens the store and catches up with it, dropping nothing. Until then no
    /// check is answered.
    ///
    /// # Errors
    /// `Unavailable`: the caller retries.
    pub async fn recover(&self, now: Moment) -> Result<()> {
        if self.memory.is_complete() {
            return Ok(());
        }
        // Calls in flight may report the same failure while memory catches up.
        for _ in 0..CATCH_UPS_MAX {
            let (doubts, reached) = self.memory.catch_up();
            self.store.recover().await?;
            // A login that knows a log position must not have read older clients.
            self.read_directory().await?;
            self.names.forget_all();
            self.read_on(doubts, reached, now).await?;
            if self.memory.is_complete() {
                tracing::warn!(
                    sessions = self.memory.count(),
                    "the store was reopened; checks are answered again"
                );
                break;
            }
        }
        Ok(())
    }

    /// Notifies about every unknown outcome, so that [`Authority::recover`] can begin at once.
    pub fn doubts(&self) -> watch::Receiver<u64> {
        self.memory.doubts()
    }

    /// Checks whether the store is still the one that was opened; if not, no check is answered.
    ///
    /// # Errors
    /// `Unavailable`.
    pub async fn look(&self) -> Result<()> {
        if !self.memory.is_complete() {
            return Ok(());
        }
        self.settle(self.store.look().await)
    }

    /// Writes waiting touches if they lag by more than the store allows for, before it relies on last-seen.
    pub(super) async fn flush_late(&self) -> Result<()> {
        if self.touches.late.load(Ordering::SeqCst) { self.flush().await } else { Ok(()) }
    }

    /// Inspects the result of a store call: after an unknown outcome memory is in doubt, before any caller gets a
    /// response.
    pub(super) fn settle<T>(&self, outcome: Result<T>) -> Result<T> {
        self.memory.settle(outcome)
    }

    async fn expire_batch(&self, batch: &[SessionId], now: Moment) -> Result<()> {
        self.flush().await?;
        let marks = self.settle(self.store.expire(batch.to_vec(), now).await)?;
        marks.iter().for_each(|mark| self.applied(mark));
        Ok(())
    }
}

impl SessionCache {
    /// See [`Authority::settle`].
    pub(super) fn settle<T>(&self, outcome: Result<T>) -> Result<T> {
        if let Err(error) = &outcome
            && error.kind() == Kind::Unavailable(Unavailability::Unknown)
        {
            let news = self.is_complete();
            // Also during a catch-up: it may have read from before this outcome.
            self.doubt();
            if news {
                tracing::error!(%error, "the store failed during a commit; no check is answered until it \
                                         has been reopened");
            }
        }
        outcome
    }

    /// As `settle`, for a session that was added before it was recorded: drops it if it was certainly not recorded, and
    /// keeps it while that is unknown.
    pub(super) fn settle_session<T>(&self, live: &Arc<CachedSession>, outcome: Result<T>) -> Result<T> {
        match outcome.as_ref().map_err(Error::kind) {
            Err(Kind::Unavailable(Unavailability::Unknown)) => self.unsettled(live.clone()),
            Err(_) => self.remove(live.session.id),
            Ok(_) => {}
        }
        self.settle(outcome)
    }
}

impl Touches {
    /// Adds a touch that is due, if there is room.
    pub(super) fn add(&self, seen: Option<Seen>) {
        let Some(seen) = seen else { return };
        let mut waiting = self.waiting.hold();
        if waiting.len() < TOUCHES_MAX {
            waiting.push(seen);
        }
    }

    /// How many touches wait.
    pub fn count(&self) -> usize {
        self.waiting.hold().len()
    }

    fn take(&self, limit: usize) -> Vec<Seen> {
        let mut waiting = self.waiting.hold();
        let from = waiting.len().saturating_sub(limit);
        waiting.split_off(from)
    }

    fn put_back(&self, mut batch: Vec<Seen>) {
        let mut waiting = self.waiting.hold();
        batch.truncate(TOUCHES_MAX.saturating_sub(waiting.len()));
        waiting.append(&mut batch);
    }
}
