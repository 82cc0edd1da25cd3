//! Strictly growing numbers that never repeat, not even after a restart: taken from blocks reserved in the store.
//!
//! Videntity puts one into every response, even while the store is unavailable. So two blocks are held, and a task
//! reserves another when one is used up. Gaps are allowed.

use std::sync::Mutex;

use crate::authority::Authority;
use crate::error::Result;
use crate::lock::Exclusive as _;

/// The size of a block.
pub const BLOCK: u64 = 1 << 20;

/// The reserved numbers.
pub struct Numbers(Mutex<Hand>);

struct Hand {
    next: u64,
    end: u64,
    after: Option<u64>,
}

impl Numbers {
    /// Reserves the first two blocks.
    ///
    /// # Errors
    /// `Unavailable`.
    pub async fn open(authority: &Authority) -> Result<Self> {
        let next = authority.reserve(BLOCK).await?;
        let after = Some(authority.reserve(BLOCK).await?);
        Ok(Self(Mutex::new(Hand { next, end: next + BLOCK, after })))
    }

    /// The next number; `None` once the store has been unavailable for more than a million responses.
    pub fn next(&self) -> Option<u64> {
        let mut hand = self.0.hold();
        if hand.next == hand.end {
            hand.next = hand.after.take()?;
            hand.end = hand.next + BLOCK;
        }
        hand.next += 1;
        Some(hand.next - 1)
    }

    /// Reserves a block if only one is left.
    ///
    /// # Errors
    /// `Unavailable`: the caller retries later.
    pub async fn refill(&self, authority: &Authority) -> Result<()> {
        if self.0.hold().after.is_none() {
            let block = authority.reserve(BLOCK).await?;
            self.0.hold().after = Some(block);
        }
        Ok(())
    }
}
