//! Checks the disk of the store: free space, the file system, and how long a synced write takes.

use std::fs::{self, File, OpenOptions};
use std::io::{self, Write};
use std::os::unix::fs::OpenOptionsExt;
use std::path::Path;
use std::time::Duration;

use rustix::fs::{fstatfs, fstatvfs};

use super::finding::Finding;
use crate::env::Env;
use crate::store::figures::FREE_BYTES_WARNING;
use crate::store::sqlite::file::folder_of;

/// The file that is written and removed to measure the disk.
const PROBE: &str = "exeunt.doctor";
/// How many writes are timed.
const PROBES: usize = 9;
/// Bytes per write: a page.
const PROBE_BYTES: usize = 4096;
/// A slower write is worth a warning: every logout waits for at least one.
const SLOW: Duration = Duration::from_millis(20);
/// With less free space the store may stop at any moment.
const FREE_BYTES_WRONG: u64 = 64 << 20;
/// File systems (statfs(2)) that lose everything at a restart, or on which a database is not safe.
const UNFIT: [(u32, &str); 5] = [
    (0x0102_1994, "a RAM disk (tmpfs), which is lost when the machine restarts"),
    (0x8584_58f6, "a RAM disk (ramfs), which is lost when the machine restarts"),
    (0x6969, "a network file system (NFS), which does not lock and sync as a database needs"),
    (0xff53_4d42, "a network file system (CIFS), which does not lock and sync as a database needs"),
    (0xfe53_4d42, "a network file system (SMB2), which does not lock and sync as a database needs"),
];

/// Checks the disk, if the directory exists.
pub(super) fn check(database: &Path, env: &Env) -> Vec<Finding> {
    let folder = folder_of(database);
    let opened = match File::open(folder) {
        Ok(opened) => opened,
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Vec::new(),
        Err(error) => {
            return vec![Finding::wrong("disk", error.to_string(), "check the permissions of the directory")];
        }
    };
    let size = fs::metadata(database).map(|about| about.len()).unwrap_or_default();
    let mut findings = Vec::new();
    findings.extend(room(&opened, folder, size));
    findings.extend(kind(&opened, folder));
    findings.extend(writing(folder, env));
    findings
}

fn room(opened: &File, folder: &Path, size: u64) -> Option<Finding> {
    let about = fstatvfs(opened).ok()?;
    let free = about.f_bavail.saturating_mul(about.f_frsize);
    let says = format!("{} MiB are free on the disk of {}", free >> 20, folder.display());
    let advice = "free some space; logins and logouts that cannot be written are refused";
    Some(if free < FREE_BYTES_WRONG {
        Finding::wrong("disk", says, advice)
    } else if free < FREE_BYTES_WARNING {
        Finding::warning("disk", says, advice)
    } else if free < size {
        Finding::warning("disk", format!("{says}: too little for a backup"), "free some space")
    } else {
        Finding::well("disk", says)
    })
}

fn kind(opened: &File, folder: &Path) -> Option<Finding> {
    let kind = fstatfs(opened).ok()?.f_type;
    let (_, what) = UNFIT.iter().find(|(unfit, _)| i64::from(*unfit) == kind as i64)?;
    let says = format!("{} is on {what}", folder.display());
    Some(Finding::warning("disk", says, "keep the store on a local disk"))
}

/// Checks whether and how fast a write can be synced, and whether the clock was set in the meantime.
fn writing(folder: &Path, env: &Env) -> Vec<Finding> {
    // The first reading of the clock, so that the second one detects a step.
    let _now = env.now();
    let path = folder.join(PROBE);
    let timed = probe(&path, env);
    // The probe, also one that a killed run has left.
    let _gone = fs::remove_file(&path);
    let _now = env.now();
    let difference = env.difference();
    let mut findings = Vec::new();
    findings.push(match timed {
        Err(error) => Finding::wrong(
            "fsync",
            format!("cannot write and sync a file in {}: {error}", folder.display()),
            "give the server's user write access there, and run this command as that user",
        ),
        Ok(typical) => {
            let micros = typical.as_micros();
            let says = format!("{micros} µs to sync a page to disk; every logout waits for one sync");
            let advice = "a disk with a lower latency makes logins and logouts faster";
            if typical > SLOW {
                Finding::warning("fsync", says, advice)
            } else {
                Finding::well("fsync", says)
            }
        }
    });
    if difference.is_any() {
        findings.push(Finding::warning(
            "clock",
            format!("the clock was set during this check: {difference}"),
            "configure chrony or systemd-timesyncd to slew the clock, not to step it",
        ));
    }
    findings
}

/// The median time of a synced write.
fn probe(path: &Path, env: &Env) -> io::Result<Duration> {
    let _gone = fs::remove_file(path);
    let mut file = OpenOptions::new().write(true).create_new(true).mode(0o600).open(path)?;
    let mut times = Vec::with_capacity(PROBES);
    for _ in 0..PROBES {
        let before = env.elapsed();
        file.write_all(&[0; PROBE_BYTES])?;
        file.sync_all()?;
        times.push(env.elapsed() - before);
    }
    times.sort_unstable();
    Ok(times.get(PROBES / 2).copied().unwrap_or_default())
}
