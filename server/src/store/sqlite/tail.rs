//! Cuts off what a failed commit has left in the WAL.
//!
//! SQLite appends the pages of a transaction to the WAL as frames; the last of them carries the commit mark. A write
//! that fails before it leaves frames that are never read, and the next transaction overwrites them. But the failed
//! write may have been that of the last frame, and may have been partly or fully done: after a crash the WAL would then
//! contain a commit that its caller was told was refused. So the WAL is cut off after the last successful commit and
//! synced before any caller gets that answer. Cutting needs no disk space.

use std::fs::{File, OpenOptions};
use std::io;
use std::os::unix::fs::FileExt;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};

/// The length of the WAL's header, and of a frame's header, in bytes.
const HEAD_BYTES: u64 = 32;
const FRAME_HEAD_BYTES: u64 = 24;
/// The first bytes of a WAL; its fourth byte is the byte order of the checksums.
const MAGIC: [u8; 3] = [0x37, 0x7f, 0x06];
/// The offsets of the page size and the salts in the WAL's header, and of the salts in a frame's header. The salts
/// change when the WAL restarts; frames with other salts than the header do not belong to it.
const PAGE_BYTES_AT: u64 = 8;
const SALTS_AT: u64 = 16;
const FRAME_SALTS_AT: u64 = 8;

/// Truncates the WAL to this length, and syncs it; see [`real`].
pub type Cut = fn(&Path, u64) -> io::Result<()>;

/// The end of the WAL after the last successful commit.
pub(super) struct Tail {
    log: PathBuf,
    file: Option<File>,
    end: Option<End>,
    frames: Arc<AtomicU32>,
}

/// The end of a WAL in which everything is committed. Truncating the WAL, or copying another one over it, changes this.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) struct End {
    head: [u8; HEAD_BYTES as usize],
    /// The header of the last frame, with a checksum over all frames.
    last: [u8; FRAME_HEAD_BYTES as usize],
    last_at: u64,
    bytes: u64,
}

/// Truncates a real file, through a handle of its own: a failed fsync is never retried on the same one.
///
/// # Errors
/// The system's error.
pub fn real(log: &Path, bytes: u64) -> io::Result<()> {
    let file = OpenOptions::new().write(true).open(log)?;
    file.set_len(bytes)?;
    file.sync_all()
}

impl Tail {
    pub(super) fn new(log: PathBuf) -> Self {
        Self { log, file: None, end: None, frames: Arc::default() }
    }

    /// The number of committed frames; set after each commit.
    pub(super) fn frames(&self) -> Arc<AtomicU32> {
        self.frames.clone()
    }

    /// Records that the WAL is empty or absent: its content was moved into the database.
    pub(super) fn is_empty(&mut self) {
        (self.file, self.end) = (None, None);
        self.frames.store(0, Ordering::Relaxed);
    }

    /// Records a successful commit. `false`: the WAL on disk lacks it, or lacks an earlier one.
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

    /// Cuts off the WAL after the last commit.
    ///
    /// # Errors
    /// The system's, or the WAL is not as that commit left it: then its content is unknown.
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
            // Without a header no frame is read.
            self.is_empty();
            return cut(&self.log, 0);
        };
        let known = self.end.map(|end| end.salts());
        if frames > 0 && known == Some(salts) {
            let frame_bytes = u64::from(u32::from_be_bytes(page)) + FRAME_HEAD_BYTES;
            let end = HEAD_BYTES + frames * frame_bytes;
            if file.metadata()?.len() < end || read(&file, end - frame_bytes + FRAME_SALTS_AT)? != Some(salts)
            {
                return Err(wrong("the WAL is shorter than what is committed"));
            }
            return cut(&self.log, end);
        }
        if frames > 0 && known.is_none() {
            return Err(wrong("the committed length of the WAL is not known"));
        }
        // The failed transaction restarted the WAL, which happens only when all of it is in the database.
        self.is_empty();
        cut(&self.log, HEAD_BYTES)
    }
}

impl End {
    /// The end of a WAL with this many frames; `None` if they are missing, or belong to an earlier header.
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

    /// Whether the WAL still ends there.
    pub(super) fn is_in(&self, log: &File) -> io::Result<bool> {
        let whole = log.metadata()?.len() >= self.bytes;
        Ok(whole && read(log, 0)? == Some(self.head) && read(log, self.last_at)? == Some(self.last))
    }

    /// Whether the commits before `before` are still there, or the WAL was restarted since.
    fn follows(&self, before: &Self, log: &File) -> bool {
        self.salts() != before.salts() || before.is_in(log).unwrap_or(true)
    }

    fn salts(&self) -> [u8; 8] {
        salts(&self.head, SALTS_AT)
    }
}

/// The salts in a header.
fn salts(head: &[u8], at: u64) -> [u8; 8] {
    let mut salts = [0; 8];
    let there = head.iter().skip(usize::try_from(at).unwrap_or(usize::MAX));
    salts.iter_mut().zip(there).for_each(|(salt, byte)| *salt = *byte);
    salts
}

/// The bytes at this offset; `None` if the file ends before.
fn read<const N: usize>(file: &File, at: u64) -> io::Result<Option<[u8; N]>> {
    let mut bytes = [0; N];
    match file.read_exact_at(&mut bytes, at) {
        Err(error) if error.kind() == io::ErrorKind::UnexpectedEof => Ok(None),
        read => read.map(|()| Some(bytes)),
    }
}
