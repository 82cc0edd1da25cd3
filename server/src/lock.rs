//! Locks that a panic does not poison. A panic in the middle of a change is caught where it happens and answered as an
//! error of ours; what it leaves behind is at most one entry that is wrong, and no reason to refuse everybody else.

use std::sync::{Condvar, Mutex, MutexGuard, PoisonError, RwLock, RwLockReadGuard, RwLockWriteGuard};

/// A lock for one at a time.
pub trait Exclusive<T> {
    /// Waits for the lock and holds it.
    fn hold(&self) -> MutexGuard<'_, T>;
}

/// A lock for many readers or one writer.
pub trait Shared<T> {
    /// Waits for the lock and reads.
    fn reading(&self) -> RwLockReadGuard<'_, T>;
    /// Waits for the lock and writes.
    fn writing(&self) -> RwLockWriteGuard<'_, T>;
}

impl<T> Exclusive<T> for Mutex<T> {
    fn hold(&self) -> MutexGuard<'_, T> {
        self.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl<T> Shared<T> for RwLock<T> {
    fn reading(&self) -> RwLockReadGuard<'_, T> {
        self.read().unwrap_or_else(PoisonError::into_inner)
    }

    fn writing(&self) -> RwLockWriteGuard<'_, T> {
        self.write().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Lets go of a lock until this is notified, and holds it again.
pub fn wait<'a, T>(until: &Condvar, held: MutexGuard<'a, T>) -> MutexGuard<'a, T> {
    until.wait(held).unwrap_or_else(PoisonError::into_inner)
}

/// The same, for as long as this holds.
pub fn wait_while<'a, T>(
    until: &Condvar,
    held: MutexGuard<'a, T>,
    goes_on: impl FnMut(&mut T) -> bool,
) -> MutexGuard<'a, T> {
    until.wait_while(held, goes_on).unwrap_or_else(PoisonError::into_inner)
}
