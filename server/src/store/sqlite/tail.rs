//! What a failed commit has left in the log beside the database.
//!
//! SQLite appends the pages of a transaction to the log as frames; the last of them carries the mark of the commit. A
//! write that fails in between leaves frames that nobody reads, and the next transaction writes over them. But the write
//! that failed may have been that of the last frame, and may have come through in part or whole: whoever opens the log
//! after a crash would find a commit that its caller was told had been refused. So the log is cut off behind the last
//! commit that succeeded, and that is put on disk, before anybody is told so. Cutting needs no room.

use std::fs::{File, OpenOptions};
use std::io;
use std::os::unix::fs::FileExt;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};

/// Bytes of the head of a log, and of the head of a frame.
const HEAD_BYTES: u64 = 32;
const FRAME_HEAD_BYTES: u64 = 24;
/// What the head of a log begins with; its fourth byte tells the order of bytes in checksums.
const MAGIC: [u8; 3] = [0x37, 0x7f, 0x06];
/// Where the head of a log tells the size of a page and the salts, and where that of a frame tells its salts. The salts
/// change when the log is begun anew; frames with others than the head has are not in it.
const PAGE_BYTES_AT: u64 = 8;
const SALTS_AT: u64 = 16;
const FRAME_SALTS_AT: u64 = 8;

/// Gives the log this length, and puts that on disk; see [`real`].
pub type Cut = fn(&Path, u64) -> io::Result<()>;

/// The log, as the last commit that succeeded left it.
pub(super) struct Tail {
    log: PathBuf,
    file: Option<File>,
    end: Option<End>,
    frames: Arc<AtomicU32>,
}

/// The end of a log in which all is committed: whoever cuts the log off, or copies another one over it, changes this.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) struct End {
    head: [u8; HEAD_BYTES as usize],
    /// The head of the last frame, with a checksum over all frames.
    last: [u8; FRAME_HEAD_BYTES as usize],
    last_at: u64,
    bytes: u64,
}

/// Cuts off a real file, through a handle of its own: a failed fsync is never tried again on the same one.
///
/// # Errors
/// The system's.
pub fn real(log: &Path, bytes: u64) -> io::Result<()> {
    let file = OpenOptions::new().write(true).open(log)?;
    file.set_len(bytes)?;
    file.sync_all()
}

impl Tail {
    pub(super) fn new(log: PathBuf) -> Self {
        Self { log, file: None, end: None, frames: Arc::default() }
    }

    /// How many frames are committed; whoever commits sets it.
    pub(super) fn frames(&self) -> Arc<AtomicU32> {
        self.frames.clone()
    }

    /// The log is empty, or there is none: what is in it was moved into the database.
    pub(super) fn is_empty(&mut self) {
        (self.file, self.end) = (None, None);
        self.frames.store(0, Ordering::Relaxed);
    }

    /// A commit has succeeded. `false`: it is not in the log that is there, or what was committed before it is not.
    pub(super) fn committed(&mut self) -> bool {
        let before = self.end.take();
        if self.file.is_none() {
            self.file = File::open(&self.log).ok();
        }
        let frames = self.frames.load(Ordering::Relaxed);
        // If it cannot be read, nothing is cut off, and a failed commit is unknown.
        let Some(file) = self.file.as_ref().filter(|_| frames > 0) else { return true };
        let Ok(end) = End::read(file, frames) else { return true };
        self.end = end;
        let follows = |end: End| before.is_none_or(|before| end.follows(&before, file));
        end.is_some_and(follows)
    }

    /// Where the log ends, if that is known.
    pub(super) const fn end(&self) -> Option<End> {
        self.end
    }

    /// Cuts off the log behind the last commit.
    ///
    /// # Errors
    /// The system's, or the log is not as that commit left it: then nobody knows what is in it.
    pub(super) fn cut(&mut self, cut: Cut) -> io::Result<()> {
        let wrong = |text| io::Error::new(io::ErrorKind::InvalidData, text);
        let frames = u64::from(self.frames.load(Ordering::Relaxed));
        let file = match File::open(&self.log) {
            Err(error) if error.kind() == io::ErrorKind::NotFound => {
                self.is_empty();
                return Ok(());
            }
            file => file?,
        };
        let (page, salts) = (read(&file, PAGE_BYTES_AT)?, read(&file, SALTS_AT)?);
        let (Some(page), Some(salts)) = (page, salts) else {
            // Without a head no frame is read.
            self.is_empty();
            return cut(&self.log, 0);
        };
        let known = self.end.map(|end| end.salts());
        if frames > 0 && known == Some(salts) {
            let frame_bytes = u64::from(u32::from_be_bytes(page)) + FRAME_HEAD_BYTES;
            let end = HEAD_BYTES + frames * frame_bytes;
            if file.metadata()?.len() < end || read(&file, end - frame_bytes + FRAME_SALTS_AT)? != Some(salts)
            {
                return Err(wrong("the log is shorter than what is committed"));
            }
            return cut(&self.log, end);
        }
        if frames > 0 && known.is_none() {
            return Err(wrong("how far the log is committed was not noted"));
        }
        // The failed transaction began the log anew, which happens only when all that was in it is in the database.
        self.is_empty();
        cut(&self.log, HEAD_BYTES)
    }
}

impl End {
    /// Of a log with so many frames; nothing if they are not there, or were not written after the head that is there.
    fn read(log: &File, frames: u32) -> io::Result<Option<Self>> {
        let (head, page) = (read(log, 0)?, read(log, PAGE_BYTES_AT)?);
        let (Some(head), Some(page)) = (head, page) else { return Ok(None) };
        if !head.starts_with(&MAGIC) {
            return Ok(None);
        }
        let frame_bytes = u64::from(u32::from_be_bytes(page)) + FRAME_HEAD_BYTES;
        let bytes = HEAD_BYTES + u64::from(frames) * frame_bytes;
        let last_at = bytes - frame_bytes;
        let Some(last) = read(log, last_at)? else { return Ok(None) };
        let end = Self { head, last, last_at, bytes };
        let whole = log.metadata()?.len() >= bytes && salts(&last, FRAME_SALTS_AT) == end.salts();
        Ok(whole.then_some(end))
    }

    /// Whether the log still ends there.
    pub(super) fn is_in(&self, log: &File) -> io::Result<bool> {
        let whole = log.metadata()?.len() >= self.bytes;
        Ok(whole && read(log, 0)? == Some(self.head) && read(log, self.last_at)? == Some(self.last))
    }

    /// Whether what was committed `before` is still there, or the log was begun anew since.
    fn follows(&self, before: &Self, log: &File) -> bool {
        self.salts() != before.salts() || before.is_in(log).unwrap_or(true)
    }

    fn salts(&self) -> [u8; 8] {
        salts(&self.head, SALTS_AT)
    }
}

/// The salts in a head.
fn salts(head: &[u8], at: u64) -> [u8; 8] {
    let mut salts = [0; 8];
    let there = head.iter().skip(usize::try_from(at).unwrap_or(usize::MAX));
    salts.iter_mut().zip(there).for_each(|(salt, byte)| *salt = *byte);
    salts
}

/// The bytes at this place; nothing if the file ends before.
fn read<const N: usize>(file: &File, at: u64) -> io::Result<Option<[u8; N]>> {
    let mut bytes = [0; N];
    match file.read_exact_at(&mut bytes, at) {
        Err(error) if error.kind() == io::ErrorKind::UnexpectedEof => Ok(None),
        read => read.map(|()| Some(bytes)),
    }
}
