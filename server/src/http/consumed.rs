//! Whether a request was read to its end: known to who reads it, needed by who answers and by who closes.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

/// Whether a request was read to its end. What nobody read may still be on the connection, so the next request cannot
/// be told from it.
#[derive(Clone, Debug)]
pub struct Whole(Arc<AtomicBool>);

impl Whole {
    /// Whether it was so from the start.
    pub fn new(whole: bool) -> Self {
        Self(Arc::new(AtomicBool::new(whole)))
    }

    /// Whether it was read to its end until now.
    pub fn is(&self) -> bool {
        self.0.load(Ordering::Relaxed)
    }

    /// It was.
    pub fn set(&self) {
        self.0.store(true, Ordering::Relaxed);
    }

    /// There is more of it.
    pub fn unset(&self) {
        self.0.store(false, Ordering::Relaxed);
    }
}
