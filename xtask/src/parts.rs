//! Runs and times the parts of a command.

use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::{Duration, Instant};

use anyhow::{Context, Result, ensure};

/// How many of the slowest parts are printed.
const SLOWEST: usize = 10;

/// The parts so far, with their times.
#[derive(Default)]
pub(crate) struct Parts(Vec<(String, Duration)>);

impl Parts {
    /// Runs a program in the root of the workspace with our output. An exit code other than 0 is an error.
    pub(crate) fn run(&mut self, name: &str, command: &mut Command) -> Result<()> {
        self.time(name, || {
            let status = command.current_dir(root()).status().with_context(|| format!("{command:?}"))?;
            ensure!(status.success(), "{name}: {command:?} ended with {status}");
            Ok(())
        })
    }

    /// Runs a part, and prints when it begins and how long it took.
    pub(crate) fn time<T>(&mut self, name: &str, work: impl FnOnce() -> Result<T>) -> Result<T> {
        println!("── {name}");
        let started = now();
        let done = work();
        let took = now() - started;
        println!("── {name}: {}, {:.1} s", if done.is_ok() { "done" } else { "FAILED" }, took.as_secs_f64());
        self.add(name.to_owned(), took);
        done
    }

    /// Adds a part that was timed elsewhere.
    pub(crate) fn add(&mut self, name: String, took: Duration) {
        self.0.push((name, took));
    }

    /// Prints the slowest parts, if there are several.
    pub(crate) fn print_slowest(&mut self) {
        if self.0.len() < 2 {
            return;
        }
        self.0.sort_by_key(|(_, took)| std::cmp::Reverse(*took));
        println!("\nthe slowest parts, of {}:", self.0.len());
        for (name, took) in self.0.iter().take(SLOWEST) {
            println!("{:>8.1} s  {name}", took.as_secs_f64());
        }
        println!();
    }
}

/// The root of the workspace.
pub(crate) fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR")).parent().unwrap_or(Path::new("."))
}

/// A command of the cargo that runs this program.
pub(crate) fn cargo(arguments: &[&str]) -> Command {
    let cargo = std::env::var_os("CARGO").map_or_else(|| PathBuf::from("cargo"), PathBuf::from);
    let mut command = Command::new(cargo);
    command.args(arguments);
    command
}

#[expect(clippy::disallowed_methods, reason = "tools may measure themselves")]
fn now() -> Instant {
    Instant::now()
}
