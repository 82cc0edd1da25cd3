//! What a disk keeps when the power goes: everything that was synced, and of the rest whatever chance lets through,
//! some of it torn.

use std::collections::BTreeMap;
use std::ffi::c_int;
use std::io;
use std::path::Path;
use std::sync::{Mutex, MutexGuard, PoisonError};

use rusqlite::ffi;

/// What a disk writes in one piece, in bytes.
const SECTOR: usize = 512;

static DISK: Mutex<Disk> =
    Mutex::new(Disk { files: BTreeMap::new(), done: 0, fault: None, healed: false, synced_again: false });

/// The journal of all that the store does to its files.
pub(crate) struct Disk {
    files: BTreeMap<String, File>,
    done: u64,
    fault: Option<Fault>,
    healed: bool,
    /// Something was synced through a handle on which a sync had failed.
    pub(crate) synced_again: bool,
}

/// What goes wrong, from this operation on.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Fault {
    pub(crate) at: u64,
    pub(crate) kind: Kind,
    /// Only once.
    pub(crate) once: bool,
    /// How much of the write that fails comes through all the same.
    pub(crate) through: Through,
}

/// What fails.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Kind {
    /// Everything: the disk is gone.
    Gone,
    /// What needs room: the disk is full.
    Full,
    /// Whatever it is, as something that cannot be written or synced.
    Broken,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Through {
    Nothing,
    Half,
    All,
}

impl Fault {
    /// The disk is gone.
    pub(crate) const fn gone(at: u64) -> Self {
        Self { at, kind: Kind::Gone, once: false, through: Through::Nothing }
    }

    /// The disk is full.
    pub(crate) const fn full(at: u64) -> Self {
        Self { at, kind: Kind::Full, once: false, through: Through::Nothing }
    }
}

#[derive(Default)]
struct File {
    synced: Option<Vec<u8>>,
    pending: Vec<Change>,
}

#[derive(Clone)]
enum Change {
    Write { at: usize, data: Vec<u8> },
    Truncate { len: usize },
    Delete,
}

/// The one disk of this process.
pub(crate) fn disk() -> MutexGuard<'static, Disk> {
    DISK.lock().unwrap_or_else(PoisonError::into_inner)
}

impl Disk {
    /// A new disk, with this fault ahead.
    pub(crate) fn reset(&mut self, fault: Option<Fault>) {
        *self = Self { files: BTreeMap::new(), done: 0, fault, healed: false, synced_again: false };
    }

    /// From now on nothing fails.
    pub(crate) fn heal(&mut self) {
        self.fault = None;
        self.healed = true;
    }

    /// Whether there was a fault that has passed.
    pub(crate) const fn is_healed(&self) -> bool {
        self.healed
    }

    /// Whether the fault is that there is no room.
    pub(crate) fn is_full(&self) -> bool {
        self.fault.is_some_and(|fault| fault.kind == Kind::Full)
    }

    /// Whether the fault has come.
    pub(crate) fn has_failed(&self) -> bool {
        self.fault.is_some_and(|fault| self.done >= fault.at)
    }

    /// What a read comes to.
    pub(crate) fn read(&self) -> c_int {
        let gone = self.has_failed() && self.fault.is_some_and(|fault| fault.kind == Kind::Gone);
        if gone { ffi::SQLITE_IOERR_READ } else { ffi::SQLITE_OK }
    }

    /// What a write comes to, and how many of its bytes come through.
    pub(crate) fn write(&mut self, file: &str, at: i64, data: &[u8]) -> (c_int, usize) {
        let write = Change::Write { at: usize::try_from(at).unwrap(), data: data.to_vec() };
        let outcome = self.change(file, write, ffi::SQLITE_IOERR_WRITE);
        let through = match self.fault.map_or(Through::Nothing, |fault| fault.through) {
            _ if outcome == ffi::SQLITE_OK => data.len(),
            Through::Nothing => 0,
            Through::Half => data.len() / 2,
            Through::All => data.len(),
        };
        (outcome, through)
    }

    pub(crate) fn truncate(&mut self, file: &str, len: i64) -> c_int {
        let truncate = Change::Truncate { len: usize::try_from(len).unwrap() };
        self.change(file, truncate, ffi::SQLITE_IOERR_TRUNCATE)
    }

    pub(crate) fn delete(&mut self, file: &str, for_good: bool) -> c_int {
        let outcome = self.change(file, Change::Delete, ffi::SQLITE_IOERR_DELETE);
        if for_good && outcome == ffi::SQLITE_OK {
            self.settle(file);
        }
        outcome
    }

    /// The first sync of a new log or journal syncs its directory too, so that deletions are there to stay.
    pub(crate) fn sync(&mut self, file: &str) -> c_int {
        let outcome = self.step(ffi::SQLITE_IOERR_FSYNC);
        if outcome == ffi::SQLITE_OK {
            if file.contains('-') && self.files.get(file).is_some_and(|file| file.synced.is_none()) {
                self.files.values_mut().for_each(File::settle_deletions);
            }
            self.settle(file);
        }
        outcome
    }

    /// A write that fails may still have been under way, and reach the disk in part.
    fn change(&mut self, file: &str, change: Change, failed: c_int) -> c_int {
        // What comes after it, if it lasts, is not under way.
        let before = self.has_failed() && self.fault.is_some_and(|fault| !fault.once);
        let outcome = self.step(failed);
        if !before {
            self.files.entry(file.to_owned()).or_default().pending.push(change);
        }
        outcome
    }

    fn step(&mut self, failed: c_int) -> c_int {
        self.done += 1;
        let fault = self.fault.filter(|fault| self.done == fault.at || (self.done > fault.at && !fault.once));
        match fault.map(|fault| fault.kind) {
            Some(Kind::Full) if failed == ffi::SQLITE_IOERR_WRITE => ffi::SQLITE_FULL,
            Some(Kind::Gone | Kind::Broken) => failed,
            Some(Kind::Full) | None => ffi::SQLITE_OK,
        }
    }

    fn settle(&mut self, file: &str) {
        let file = self.files.entry(file.to_owned()).or_default();
        for change in std::mem::take(&mut file.pending) {
            change.apply(&mut file.synced, |_| true);
        }
    }

    /// Writes into a directory what could be on the disk after a power cut now.
    pub(crate) fn image(&self, seed: u64, folder: &Path) {
        let mut chance = Chance(seed);
        for (name, file) in &self.files {
            let mut content = file.synced.clone();
            for change in &file.pending {
                match chance.below(3) {
                    0 => {}
                    1 => change.apply(&mut content, |_| true),
                    _ => change.apply(&mut content, |_| chance.below(2) == 0),
                }
            }
            if let Some(content) = content {
                std::fs::write(folder.join(name), content).unwrap();
            }
        }
    }
}

/// Cuts off the log, as the store does it on a real disk.
pub(crate) fn cut(log: &Path, bytes: u64) -> io::Result<()> {
    let name = log.file_name().unwrap().to_str().unwrap();
    let done =
        |outcome| if outcome == ffi::SQLITE_OK { Ok(()) } else { Err(io::Error::other("the disk failed")) };
    done(disk().truncate(name, i64::try_from(bytes).unwrap()))?;
    std::fs::OpenOptions::new().write(true).open(log)?.set_len(bytes)?;
    done(disk().sync(name))
}

impl File {
    fn settle_deletions(&mut self) {
        let deleted = self.pending.iter().rposition(|change| matches!(change, Change::Delete));
        if let Some(at) = deleted {
            self.pending.drain(..=at);
            self.synced = None;
        }
    }
}

impl Change {
    /// Changes a file; of a write only the sectors for which `kept` says so.
    fn apply(&self, content: &mut Option<Vec<u8>>, mut kept: impl FnMut(usize) -> bool) {
        match self {
            Self::Delete => *content = None,
            Self::Truncate { len } => content.get_or_insert_default().truncate(*len),
            Self::Write { at, data } => {
                let content = content.get_or_insert_default();
                let mut from = 0;
                while from < data.len() {
                    // Up to the end of a sector of the disk, not of the write.
                    let to = data.len().min(from + SECTOR - (at + from) % SECTOR);
                    if kept(at + from) {
                        content.resize(content.len().max(at + to), 0);
                        content[at + from..at + to].copy_from_slice(&data[from..to]);
                    }
                    from = to;
                }
            }
        }
    }
}

/// The same every time for one seed (splitmix64).
struct Chance(u64);

impl Chance {
    fn below(&mut self, bound: u64) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut mixed = self.0;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        (mixed ^ (mixed >> 31)) % bound
    }
}
