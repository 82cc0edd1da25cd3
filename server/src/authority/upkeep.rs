//! What keeps a node in order, in small steps: flush touches, expire, sweep, recover. Tasks call these.

use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Mutex, PoisonError};

use exeunt_core::{Moment, SessionId, Verdict};

use crate::authority::Authority;
use crate::authority::live::{Memory, SHARDS};
use crate::error::{Kind, Outage, Result};
use crate::store::{Seen, Swept};

/// Touches that wait to be written at most. What comes while it is full is lost; the session is tried again at its
/// first use an interval later.
const TOUCHES_MAX: usize = 1_000_000;
/// Touches written in one transaction at most.
const TOUCHES_PER_WRITE: usize = 500;
/// Sessions expired in one transaction at most.
const EXPIRED_PER_WRITE: usize = 250;
/// Rows that one step of sweeping looks at.
const SWEEP_ROWS: u32 = 1_000;

/// Touches that wait to be written.
#[derive(Default)]
pub struct Touches(Mutex<Vec<Seen>>);

/// Where the round of expiry has come to.
#[derive(Default)]
pub struct Round(AtomicUsize);

impl Authority {
    /// Writes the touches that are due.
    ///
    /// # Errors
    /// `Unavailable`; what was not written waits for the next step.
    pub async fn flush(&self) -> Result<()> {
        loop {
            let batch = self.touches.take(TOUCHES_PER_WRITE);
            if batch.is_empty() {
                return Ok(());
            }
            if let Err(error) = self.settle(self.store.touch(batch.clone()).await) {
                self.touches.put_back(batch);
                return Err(error);
            }
        }
    }

    /// One part of the table: drops what a mark on its user, client or realm ended, and raises `Expired` on what has
    /// expired for sure. Returns whether a whole round is done.
    ///
    /// # Errors
    /// `Unavailable`.
    pub async fn expire(&self, now: Moment) -> Result<bool> {
        let shard = self.round.0.fetch_add(1, Ordering::Relaxed) % SHARDS;
        let mut expired = Vec::new();
        for live in self.memory.shard(shard) {
            match self.memory.judge(&live, now) {
                Verdict::Ended(_) => self.memory.remove(live.session.id),
                Verdict::Expired if self.memory.surely_expired(&live, now) => expired.push(live.session.id),
                Verdict::Expired | Verdict::Alive => {}
            }
        }
        for batch in expired.chunks(EXPIRED_PER_WRITE) {
            self.expire_batch(batch, now).await?;
        }
        Ok(shard + 1 == SHARDS)
    }

    /// Forgets what has been dead for long, one small step. Returns what it did.
    ///
    /// # Errors
    /// `Unavailable`.
    pub async fn sweep(&self, now: Moment) -> Result<Swept> {
        let keep = self.retention;
        self.settle(self.store.sweep(now, keep.dead_secs, keep.log_secs, SWEEP_ROWS).await)
    }

    /// After an unknown outcome: opens the store again and fills memory anew. Until that is done no check is
    /// answered.
    ///
    /// # Errors
    /// `Unavailable`: it is tried again.
    pub async fn recover(&self, now: Moment) -> Result<()> {
        if self.memory.is_complete() {
            return Ok(());
        }
        self.store.recover().await?;
        // What waited to be written is written before it is read.
        self.flush().await?;
        self.read_directory().await?;
        self.fill(now).await?;
        tracing::warn!(sessions = self.memory.count(), "the store was opened again; checks are answered");
        Ok(())
    }

    /// Looks at what a call of the store came to: after an unknown outcome memory is in doubt, before anybody is
    /// answered.
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

impl Memory {
    /// See [`Authority::settle`].
    pub(super) fn settle<T>(&self, outcome: Result<T>) -> Result<T> {
        if let Err(error) = &outcome
            && error.kind() == Kind::Unavailable(Outage::Unknown)
        {
            let news = self.is_complete();
            // Also while it is being filled: what that filling has read may be from before.
            self.doubt();
            if news {
                tracing::error!(%error, "the store failed in the middle; no check is answered until it was opened again");
            }
        }
        outcome
    }
}

impl Touches {
    /// Adds what is due, if there is room.
    pub(super) fn add(&self, seen: Option<Seen>) {
        let Some(seen) = seen else { return };
        let mut waiting = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if waiting.len() < TOUCHES_MAX {
            waiting.push(seen);
        }
    }

    /// How many wait.
    pub fn count(&self) -> usize {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).len()
    }

    fn take(&self, limit: usize) -> Vec<Seen> {
        let mut waiting = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let from = waiting.len().saturating_sub(limit);
        waiting.split_off(from)
    }

    fn put_back(&self, mut batch: Vec<Seen>) {
        let mut waiting = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        batch.truncate(TOUCHES_MAX.saturating_sub(waiting.len()));
        waiting.append(&mut batch);
    }
}
