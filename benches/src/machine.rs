//! Describes the machine of the measurements in one line: figures mean nothing without it.

use std::fs;
use std::path::Path;

use anyhow::Result;

use crate::journal;
use crate::stats::quantile_micros;

/// Appends that are timed to measure the disk.
const APPENDS: usize = 500;

/// The cores, the processor, the kernel, and the time that this disk takes for a synced append.
pub(crate) fn describe(folder: &Path) -> Result<String> {
    let cores = std::thread::available_parallelism()?;
    let cpu = fs::read_to_string("/proc/cpuinfo")?;
    let model = cpu.lines().find_map(|line| line.strip_prefix("model name")).unwrap_or_default();
    let model = model.trim_start_matches([' ', '\t', ':']);
    let hashes = cpu.lines().any(|line| line.starts_with("flags") && line.contains(" sha_ni"));
    let kernel = fs::read_to_string("/proc/sys/kernel/osrelease")?;
    let file = folder.join("disk.log");
    let append = quantile_micros(&mut journal::appends(&file, APPENDS)?, 0.5);
    fs::remove_file(file)?;
    Ok(format!(
        "{cores} cores, {model}{}, Linux {}, append + fdatasync of this disk: median {append:.0} µs",
        if hashes { "" } else { " without SHA instructions" },
        kernel.trim(),
    ))
}
