//! Free space on the disk of the database.

use std::fs::File;

/// Free bytes on the disk of this file; `None` where the system does not report them.
#[cfg(target_os = "linux")]
pub(super) fn free_bytes(file: &File) -> Option<u64> {
    let about = rustix::fs::fstatvfs(file).ok()?;
    Some(about.f_bavail.saturating_mul(about.f_frsize))
}

#[cfg(not(target_os = "linux"))]
pub(super) fn free_bytes(_: &File) -> Option<u64> {
    None
}
