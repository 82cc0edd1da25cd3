//! `cargo xtask soak [--minutes 10]`: puts a steady load of logins, checks and logouts on the real server, and fails if
//! its memory or open files grow. It takes too long for CI.

mod caller;
mod server;
mod work;

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;
use std::time::{Duration, Instant};

use anyhow::{Context, Result, anyhow, bail, ensure};

use self::server::{Sample, Server};
use self::work::{KINDS, Tally};
use crate::parts::{Parts, cargo};

/// The default duration in minutes.
const MINUTES: u64 = 10;
/// Seconds between two rows of the table.
const SAMPLE_SECS: u64 = 10;
/// The fraction of the time in which the server may still grow: caches fill, and sessions reach their steady number.
const WARM_UP: f64 = 0.3;
/// How much memory may grow from the first third after that to the last, in percent and in KiB: the larger one counts.
const GROWTH_PERCENT: u64 = 10;
const GROWTH_KIB: u64 = 4 * 1024;
/// By how many the open files may vary.
const FILES_SPARE: u64 = 8;

/// Builds the server, puts it under load, prints a table, and fails if the server grew.
pub(crate) fn run(words: &[&str], parts: &mut Parts) -> Result<()> {
    let minutes = match words {
        [] => MINUTES,
        ["--minutes", count] => {
            count.parse().ok().filter(|count| *count > 0).context("--minutes takes a number")?
        }
        other => bail!("{}: only --minutes N", other.join(" ")),
    };
    parts.run("build", &mut cargo(&["build", "--locked", "--package", "exeunt"]))?;
    let samples = parts.time("soak", || soak(Duration::from_secs(minutes * 60)))?;
    must_not_grow(&samples)
}

fn soak(lasting: Duration) -> Result<Vec<Sample>> {
    let server = Server::start()?;
    let tally = Arc::new(Tally::default());
    let over = Arc::new(AtomicBool::new(false));
    let workers = work::start(server.address, &tally, &over)?;
    let began = now();
    let mut samples = Vec::new();
    println!(
        "  secs  memory KiB  files  store KiB  p99 ms: {}",
        KINDS.map(|kind| format!("{kind:>8}")).concat()
    );
    while now() - began < lasting && workers.iter().all(|worker| !worker.is_finished()) {
        pause(Duration::from_secs(SAMPLE_SECS));
        let sample = server.sample()?;
        let slowest: String =
            tally.take().iter().map(|(p99, _)| format!("{:>8.1}", p99.as_secs_f64() * 1e3)).collect();
        let secs = (now() - began).as_secs();
        println!(
            "{secs:>6}{:>12}{:>7}{:>11}          {slowest}",
            sample.memory_kib, sample.files, sample.store_kib
        );
        samples.push(sample);
    }
    over.store(true, Ordering::Relaxed);
    for worker in workers {
        worker.join().map_err(|_| anyhow!("a caller panicked"))??;
    }
    println!("{}", tally.total());
    server.stop()?;
    Ok(samples)
}

/// Compares the median of the last third with that of the first.
fn must_not_grow(samples: &[Sample]) -> Result<()> {
    let warm = &samples[(samples.len() as f64 * WARM_UP) as usize..];
    ensure!(warm.len() >= 3, "too short to tell whether anything grows: at least a minute");
    let third = warm.len() / 3;
    let middle = |part: &[Sample], value: fn(&Sample) -> u64| {
        let mut values: Vec<u64> = part.iter().map(value).collect();
        values.sort_unstable();
        values[values.len() / 2]
    };
    let (first, last) = (&warm[..third], &warm[warm.len() - third..]);
    let (before, after) = (middle(first, |it| it.memory_kib), middle(last, |it| it.memory_kib));
    let bound = before + GROWTH_KIB.max(before * GROWTH_PERCENT / 100);
    let store = middle(last, |it| it.store_kib).saturating_sub(middle(first, |it| it.store_kib));
    println!("memory: {before} KiB, then {after} KiB; the bound is {bound} KiB");
    println!(
        "the store grew by {store} KiB, its log of marks; the database's cache holds as much of it, up to its limit"
    );
    ensure!(after <= bound, "memory grows");
    let (before, after) = (middle(first, |it| it.files), middle(last, |it| it.files));
    ensure!(after <= before + FILES_SPARE, "open files grow: {before}, then {after}");
    Ok(())
}

#[expect(clippy::disallowed_methods, reason = "a soak measures time")]
fn now() -> Instant {
    Instant::now()
}

#[expect(clippy::disallowed_methods, reason = "a steady load waits for its moment")]
fn pause(time: Duration) {
    thread::sleep(time);
}

#[cfg(test)]
mod tests {
    use super::*;

    fn samples(memory_kib: impl Fn(u64) -> u64) -> Vec<Sample> {
        (0..60).map(|place| Sample { memory_kib: memory_kib(place), files: 20, store_kib: place }).collect()
    }

    #[test]
    fn what_levels_off_is_no_growth_and_what_does_not_is() {
        assert!(must_not_grow(&samples(|place| 50_000 + 1_000 * place.min(15))).is_ok());
        assert!(must_not_grow(&samples(|place| 50_000 + 1_000 * (place % 3))).is_ok());
        assert!(must_not_grow(&samples(|place| 50_000 + 500 * place)).is_err());
        assert!(must_not_grow(&samples(|_| 50_000)[..2]).is_err());
    }
}
