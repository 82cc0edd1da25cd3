//! A copy of a store, for the caller to read.

use std::fs::File;
use std::io::{self, Read};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use crate::error::{Error, Kind, Result, Unavailability};

/// A copy of everything, in an unlinked file: it is gone once this is dropped or the process ends.
pub struct Backup {
    /// Its length in bytes.
    pub bytes: u64,
    /// Its SHA-256.
    pub sha256: [u8; 32],
    file: File,
    _one: One,
}

/// Admits one backup at a time, until its copy is dropped.
#[derive(Default)]
pub struct OneAtATime(Arc<AtomicBool>);

/// The permit of the backup in progress.
pub struct One(Arc<AtomicBool>);

impl Backup {
    /// A backup whose copy is this file.
    pub const fn new(file: File, bytes: u64, sha256: [u8; 32], one: One) -> Self {
        Self { bytes, sha256, file, _one: one }
    }

    /// The next bytes, at most `bytes_max`; empty at the end. Blocks as reading from a disk does.
    ///
    /// # Errors
    /// The system's error.
    pub fn read(&mut self, bytes_max: usize) -> io::Result<Vec<u8>> {
        let mut piece = vec![0; bytes_max];
        let mut filled = 0;
        while filled < bytes_max {
            match self.file.read(&mut piece[filled..]) {
                Ok(0) => break,
                Ok(bytes) => filled += bytes,
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                Err(error) => return Err(error),
            }
        }
        piece.truncate(filled);
        Ok(piece)
    }
}

impl OneAtATime {
    /// Admits one backup.
    ///
    /// # Errors
    /// `Unavailable(Busy)` while there is another one.
    pub fn admit(&self) -> Result<One> {
        if self.0.swap(true, Ordering::SeqCst) {
            let text = "another backup is being made; try again when it is done";
            return Err(Error::new(Kind::Unavailable(Unavailability::Busy), text));
        }
        Ok(One(self.0.clone()))
    }
}

impl Drop for One {
    fn drop(&mut self) {
        self.0.store(false, Ordering::SeqCst);
    }
}
