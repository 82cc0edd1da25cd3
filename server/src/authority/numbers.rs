//! Numbers that grow strictly and never repeat, not after a restart either: taken from blocks reserved in the store.
//!
//! Videntity puts one into every answer, also while the store is away; so two blocks are kept in hand, and a task
//! reserves the next when one is used up. Gaps are allowed.

use std::sync::Mutex;

use crate::authority::Authority;
use crate::error::Result;
use crate::lock::Exclusive as _;

/// Numbers in one block.
pub const BLOCK: u64 = 1 << 20;

/// The numbers in hand.
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

    /// The next number; `None` if the store has been away for more than a million answers.
    pub fn next(&self) -> Option<u64> {
        let mut hand = self.0.hold();
        if hand.next == hand.end {
            hand.next = hand.after.take()?;
            hand.end = hand.next + BLOCK;
        }
        hand.next += 1;
        Some(hand.next - 1)
    }

    /// Reserves a block if only one is in hand.
    ///
    /// # Errors
    /// `Unavailable`: it is tried again.
    pub async fn refill(&self, authority: &Authority) -> Result<()> {
        if self.0.hold().after.is_none() {
            let block = authority.reserve(BLOCK).await?;
            self.0.hold().after = Some(block);
        }
        Ok(())
    }
}
