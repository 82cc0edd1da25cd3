//! A way for SQLite to reach files that tells [`disk`](super::disk) what it does, and does it with SQLite's own way
//! as long as the disk lets it.

#![expect(unsafe_code, reason = "SQLite's interface to files is in C")]
#![expect(clippy::undocumented_unsafe_blocks, reason = "see the one argument at the top of this file")]
// All pointers come from SQLite, which keeps them valid for the call: a file is the memory that `xOpen` was given,
// `szOsFile` bytes long, our head first and the file of SQLite's own way behind it.

use std::ffi::{CStr, c_char, c_int, c_void};
use std::mem::size_of;
use std::path::Path;
use std::ptr;
use std::slice;
use std::sync::OnceLock;

use rusqlite::ffi::{self, sqlite3_file, sqlite3_io_methods, sqlite3_vfs};

use super::disk::disk;

/// The name to open a store with.
pub(crate) const NAME: &str = "powercut";

/// The head of a file. Nothing is kept of those whose content dies with the process.
#[repr(C, align(8))]
struct RequestHead {
    base: sqlite3_file,
    name: *mut String,
    /// A sync has failed on it.
    failed: bool,
}

/// Makes the name known to SQLite.
pub(crate) fn register() {
    static DONE: OnceLock<()> = OnceLock::new();
    DONE.get_or_init(|| unsafe {
        let own = ffi::sqlite3_vfs_find(ptr::null());
        let mut vfs = ptr::read(own);
        vfs.szOsFile += c_int::try_from(size_of::<RequestHead>()).unwrap();
        vfs.pNext = ptr::null_mut();
        vfs.zName = c"powercut".as_ptr();
        vfs.pAppData = own.cast();
        vfs.xOpen = Some(open);
        vfs.xDelete = Some(delete);
        let registered = ffi::sqlite3_vfs_register(Box::leak(Box::new(vfs)), 0);
        assert_eq!(registered, ffi::SQLITE_OK);
    });
}

static METHODS: sqlite3_io_methods = sqlite3_io_methods {
    // The third version would let SQLite read through a memory map, past this file.
    iVersion: 2,
    xClose: Some(close),
    xRead: Some(read),
    xWrite: Some(write),
    xTruncate: Some(truncate),
    xSync: Some(sync),
    xFileSize: Some(file_size),
    xLock: Some(lock),
    xUnlock: Some(unlock),
    xCheckReservedLock: Some(check_reserved_lock),
    xFileControl: Some(file_control),
    xSectorSize: Some(sector_size),
    xDeviceCharacteristics: Some(device_characteristics),
    xShmMap: Some(shm_map),
    xShmLock: Some(shm_lock),
    xShmBarrier: Some(shm_barrier),
    xShmUnmap: Some(shm_unmap),
    xFetch: None,
    xUnfetch: None,
};

/// The file of SQLite's own way, behind our head.
unsafe fn own(file: *mut sqlite3_file) -> *mut sqlite3_file {
    unsafe { file.cast::<RequestHead>().add(1).cast() }
}

/// A call that SQLite's own way answers.
macro_rules! pass {
    ($file:expr, $method:ident $(, $argument:expr)*) => {{
        let own = own($file);
        match (*(*own).pMethods).$method {
            Some(method) => method(own $(, $argument)*),
            None => ffi::SQLITE_IOERR,
        }
    }};
}

unsafe fn name<'a>(file: *mut sqlite3_file) -> Option<&'a str> {
    unsafe { (*file.cast::<RequestHead>()).name.as_ref().map(String::as_str) }
}

fn file_name(path: &CStr) -> String {
    Path::new(path.to_str().unwrap()).file_name().unwrap().to_str().unwrap().to_owned()
}

unsafe extern "C" fn open(
    vfs: *mut sqlite3_vfs,
    path: *const c_char,
    file: *mut sqlite3_file,
    flags: c_int,
    out_flags: *mut c_int,
) -> c_int {
    unsafe {
        (*file).pMethods = ptr::null();
        if disk().read() != ffi::SQLITE_OK {
            return ffi::SQLITE_CANTOPEN;
        }
        let own_vfs: *mut sqlite3_vfs = (*vfs).pAppData.cast();
        let Some(own_open) = (*own_vfs).xOpen else { return ffi::SQLITE_CANTOPEN };
        let opened = own_open(own_vfs, path, own(file), flags, out_flags);
        if opened != ffi::SQLITE_OK {
            return opened;
        }
        let lasting = ffi::SQLITE_OPEN_MAIN_DB | ffi::SQLITE_OPEN_WAL | ffi::SQLITE_OPEN_MAIN_JOURNAL;
        let name = (flags & lasting != 0).then(|| Box::new(file_name(CStr::from_ptr(path))));
        (*file.cast::<RequestHead>()).name = name.map_or(ptr::null_mut(), Box::into_raw);
        (*file.cast::<RequestHead>()).failed = false;
        (*file).pMethods = &raw const METHODS;
        ffi::SQLITE_OK
    }
}

unsafe extern "C" fn delete(vfs: *mut sqlite3_vfs, path: *const c_char, sync_folder: c_int) -> c_int {
    unsafe {
        let outcome = disk().delete(&file_name(CStr::from_ptr(path)), sync_folder != 0);
        if outcome != ffi::SQLITE_OK {
            return outcome;
        }
        let own_vfs: *mut sqlite3_vfs = (*vfs).pAppData.cast();
        (*own_vfs).xDelete.map_or(ffi::SQLITE_IOERR, |own| own(own_vfs, path, sync_folder))
    }
}

unsafe extern "C" fn close(file: *mut sqlite3_file) -> c_int {
    unsafe {
        let head = file.cast::<RequestHead>();
        if !(*head).name.is_null() {
            drop(Box::from_raw((*head).name));
        }
        pass!(file, xClose)
    }
}

unsafe extern "C" fn read(file: *mut sqlite3_file, to: *mut c_void, len: c_int, at: i64) -> c_int {
    unsafe {
        match disk().read() {
            ffi::SQLITE_OK => pass!(file, xRead, to, len, at),
            failed => failed,
        }
    }
}

unsafe extern "C" fn write(file: *mut sqlite3_file, from: *const c_void, len: c_int, at: i64) -> c_int {
    unsafe {
        let data = slice::from_raw_parts(from.cast::<u8>(), usize::try_from(len).unwrap());
        let (outcome, through) =
            name(file).map_or((ffi::SQLITE_OK, data.len()), |name| disk().write(name, at, data));
        let written = match c_int::try_from(through).unwrap() {
            0 => ffi::SQLITE_OK,
            through => pass!(file, xWrite, from, through, at),
        };
        if outcome == ffi::SQLITE_OK { written } else { outcome }
    }
}

unsafe extern "C" fn truncate(file: *mut sqlite3_file, len: i64) -> c_int {
    unsafe {
        match name(file).map_or(ffi::SQLITE_OK, |name| disk().truncate(name, len)) {
            ffi::SQLITE_OK => pass!(file, xTruncate, len),
            failed => failed,
        }
    }
}

/// The real sync is left out: the process lives on, and the disk of the test is the journal.
unsafe extern "C" fn sync(file: *mut sqlite3_file, _flags: c_int) -> c_int {
    unsafe {
        let Some(name) = name(file) else { return ffi::SQLITE_OK };
        let head = file.cast::<RequestHead>();
        let mut disk = disk();
        disk.synced_again |= (*head).failed;
        let outcome = disk.sync(name);
        (*head).failed |= outcome != ffi::SQLITE_OK;
        outcome
    }
}

unsafe extern "C" fn file_size(file: *mut sqlite3_file, size: *mut i64) -> c_int {
    unsafe { pass!(file, xFileSize, size) }
}

unsafe extern "C" fn lock(file: *mut sqlite3_file, level: c_int) -> c_int {
    unsafe { pass!(file, xLock, level) }
}

unsafe extern "C" fn unlock(file: *mut sqlite3_file, level: c_int) -> c_int {
    unsafe { pass!(file, xUnlock, level) }
}

unsafe extern "C" fn check_reserved_lock(file: *mut sqlite3_file, out: *mut c_int) -> c_int {
    unsafe { pass!(file, xCheckReservedLock, out) }
}

unsafe extern "C" fn file_control(file: *mut sqlite3_file, what: c_int, with: *mut c_void) -> c_int {
    unsafe { pass!(file, xFileControl, what, with) }
}

unsafe extern "C" fn sector_size(file: *mut sqlite3_file) -> c_int {
    unsafe { pass!(file, xSectorSize) }
}

unsafe extern "C" fn device_characteristics(file: *mut sqlite3_file) -> c_int {
    unsafe { pass!(file, xDeviceCharacteristics) }
}

unsafe extern "C" fn shm_map(
    file: *mut sqlite3_file,
    page: c_int,
    page_bytes: c_int,
    extend: c_int,
    out: *mut *mut c_void,
) -> c_int {
    unsafe { pass!(file, xShmMap, page, page_bytes, extend, out) }
}

unsafe extern "C" fn shm_lock(file: *mut sqlite3_file, offset: c_int, count: c_int, flags: c_int) -> c_int {
    unsafe { pass!(file, xShmLock, offset, count, flags) }
}

unsafe extern "C" fn shm_barrier(file: *mut sqlite3_file) {
    unsafe {
        let own = own(file);
        if let Some(barrier) = (*(*own).pMethods).xShmBarrier {
            barrier(own);
        }
    }
}

unsafe extern "C" fn shm_unmap(file: *mut sqlite3_file, delete: c_int) -> c_int {
    unsafe { pass!(file, xShmUnmap, delete) }
}
