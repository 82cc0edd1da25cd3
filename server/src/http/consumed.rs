//! Whether a request was read to its end. The reader of the body sets it; the response and the connection need it.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

/// A shared flag: was the request read to its end? If not, its rest may still be on the connection, so a next request
/// cannot be read from there.
#[derive(Clone, Debug)]
pub struct Whole(Arc<AtomicBool>);

impl Whole {
    /// `true` if the request has no body.
    pub fn new(whole: bool) -> Self {
        Self(Arc::new(AtomicBool::new(whole)))
    }

    /// Whether the request has been read to its end.
    pub fn is(&self) -> bool {
        self.0.load(Ordering::Relaxed)
    }

    /// Marks the request as fully read.
    pub fn set(&self) {
        self.0.store(true, Ordering::Relaxed);
    }

    /// Marks the request as not fully read.
    pub fn unset(&self) {
        self.0.store(false, Ordering::Relaxed);
    }
}
