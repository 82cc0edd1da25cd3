//! Limits how many of something each holder has: connections of an address, streams of a key.

use std::collections::HashMap;
use std::hash::Hash;
use std::sync::{Arc, Mutex};

use crate::lock::Exclusive as _;

/// The count of each holder. Holders whose count is 0 are removed.
pub struct Shares<K>(Mutex<HashMap<K, usize>>);

/// One share of a holder; dropping it gives it back.
pub struct Share<K: Copy + Eq + Hash> {
    of: Arc<Shares<K>>,
    holder: K,
}

impl<K> Default for Shares<K> {
    fn default() -> Self {
        Self(Mutex::default())
    }
}

impl<K: Copy + Eq + Hash> Shares<K> {
    /// Takes one more share for this holder; `None` if it has `max` already.
    pub fn take(self: &Arc<Self>, holder: K, max: usize) -> Option<Share<K>> {
        let mut counts = self.0.hold();
        let count = counts.get(&holder).copied().unwrap_or_default();
        if count >= max {
            return None;
        }
        counts.insert(holder, count + 1);
        Some(Share { of: self.clone(), holder })
    }
}

impl<K: Copy + Eq + Hash> Drop for Share<K> {
    fn drop(&mut self) {
        let mut counts = self.of.0.hold();
        match counts.get_mut(&self.holder) {
            Some(count) if *count > 1 => *count -= 1,
            _ => drop(counts.remove(&self.holder)),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_holder_has_a_bound_of_its_own_and_who_has_nothing_is_forgotten() {
        let shares = Arc::new(Shares::default());
        let held: Vec<_> = (0..3).filter_map(|_| shares.take('a', 2)).collect();
        let other = shares.take('b', 2);
        assert_eq!((held.len(), other.is_some()), (2, true));
        drop(held);
        assert!(shares.take('a', 2).is_some());
        drop(other);
        assert!(shares.0.lock().unwrap().is_empty());
    }
}
