//! Starts the programs that are measured, and watches and stops them by their process ids.

use std::fs::{self, File};
use std::net::TcpListener;
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::time::Duration;

use anyhow::{Context, Result, bail, ensure};
use rustix::process::{Pid, Resource, Rlimit, Signal, kill_process, prlimit};
use rustix::thread::{CpuSet, sched_setaffinity};

use crate::clock;

/// The timeout for a program to start or to stop.
const PATIENCE: Duration = Duration::from_secs(60);
/// The core of a server that is measured alone, and the core of its load generator.
pub(crate) const SERVER_CORE: usize = 0;
pub(crate) const LOAD_CORE: usize = 1;

/// A running program, until it is stopped or dropped.
pub(crate) struct Program {
    name: String,
    child: Child,
    stop: Signal,
}

impl Program {
    /// Starts a program whose output goes into a file; `stop` is the signal for a clean stop.
    pub(crate) fn start(name: &str, command: &mut Command, log: &Path, stop: Signal) -> Result<Self> {
        let out = File::create(log).with_context(|| log.display().to_string())?;
        command.stdin(Stdio::null()).stdout(out.try_clone()?).stderr(out);
        let child = command.spawn().with_context(|| format!("{name}: {command:?}"))?;
        Ok(Self { name: name.to_owned(), child, stop })
    }

    /// Waits until `ready` returns `true`.
    pub(crate) fn wait(&mut self, mut ready: impl FnMut() -> bool) -> Result<()> {
        let end = clock::now() + PATIENCE;
        while !ready() {
            if let Some(status) = self.child.try_wait()? {
                bail!("{} ended with {status}", self.name);
            }
            ensure!(clock::now() < end, "{} was not ready in time", self.name);
            clock::wait(Duration::from_millis(1));
        }
        Ok(())
    }

    /// Stops it in order.
    pub(crate) fn stop(mut self) -> Result<()> {
        kill_process(self.pid()?, self.stop)?;
        let end = clock::now() + PATIENCE;
        while self.child.try_wait()?.is_none() {
            ensure!(clock::now() < end, "{} did not stop", self.name);
            clock::wait(Duration::from_millis(5));
        }
        Ok(())
    }

    /// The memory that it uses, in bytes.
    pub(crate) fn memory_bytes(&self) -> Result<u64> {
        let text = fs::read_to_string(format!("/proc/{}/status", self.child.id()))?;
        let line = text.lines().find_map(|line| line.strip_prefix("VmRSS:"));
        let kib = line.and_then(|line| line.trim().split(' ').next()).context("no VmRSS")?;
        Ok(kib.parse::<u64>()? * 1024)
    }

    /// Limits the size of the files that it writes, in bytes; `None` removes the limit.
    pub(crate) fn limit_files(&self, bytes: Option<u64>) -> Result<()> {
        prlimit(Some(self.pid()?), Resource::Fsize, Rlimit { current: bytes, maximum: None })?;
        Ok(())
    }

    fn pid(&self) -> Result<Pid> {
        Pid::from_raw(i32::try_from(self.child.id())?).context("a process has an id")
    }
}

impl Drop for Program {
    fn drop(&mut self) {
        // Needed only after an error; a stopped program has already ended.
        let _ended = self.child.kill();
        let _status = self.child.wait();
    }
}

/// Pins this thread, and those that it starts, to one core.
pub(crate) fn stay_on(core: usize) -> Result<()> {
    let mut cores = CpuSet::new();
    cores.set(core);
    Ok(sched_setaffinity(None, &cores)?)
}

/// A command, pinned to one core if one is given.
pub(crate) fn on_core(program: &Path, core: Option<usize>) -> Command {
    let Some(core) = core else { return Command::new(program) };
    let mut command = Command::new("taskset");
    command.arg("-c").arg(core.to_string()).arg(program);
    command
}

/// A port that is free now.
pub(crate) fn free_port() -> Result<u16> {
    Ok(TcpListener::bind("127.0.0.1:0")?.local_addr()?.port())
}
