//! `cargo xtask test [--long] [filter]`: runs all tests.

use std::io::{BufRead, BufReader};
use std::process::Command;

use anyhow::{Result, bail};

use crate::machine;
use crate::parts::{Parts, cargo, root};
use crate::tally::{Count, Runner, Tally};

/// Cases of each property test with `--long`, instead of 256.
const PROPTEST_CASES_LONG: &str = "10000";

/// Sets up the machine, builds, and runs the tests; a filter is part of the names of the tests to run.
pub(crate) fn run(words: &[&str], parts: &mut Parts) -> Result<Count> {
    let (long, words) = match words {
        ["--long", rest @ ..] => (true, rest),
        rest => (false, rest),
    };
    let filter = match words {
        [] => None,
        [filter] if !filter.starts_with('-') => Some(*filter),
        _ => bail!("test [--long] [filter], not {words:?}"),
    };
    machine::set_up(parts)?;
    parts.run("build", &mut cargo(&["test", "--workspace", "--locked", "--quiet", "--no-run"]))?;
    if !machine::answers(&["cargo", "nextest", "--version"]) {
        let all = cargo(&["test", "--workspace", "--locked", "--no-fail-fast"]);
        return counted(Runner::Cargo, with(all, long, filter), parts);
    }
    let mut all = cargo(&["nextest", "run", "--workspace", "--locked"]);
    all.args(filter.map(|_| "--no-tests=pass"));
    let plain = counted(Runner::Nextest, with(all, long, filter), parts)?;
    if filter.is_some() {
        return Ok(plain);
    }
    let docs = counted(Runner::Cargo, cargo(&["test", "--workspace", "--locked", "--doc"]), parts)?;
    Ok(Count { passed: plain.passed + docs.passed, failed: plain.failed + docs.failed })
}

fn with(mut command: Command, long: bool, filter: Option<&str>) -> Command {
    command.args(filter);
    if long {
        command.env("EXEUNT_LONG", "1").env("PROPTEST_CASES", PROPTEST_CASES_LONG);
    }
    command
}

/// Runs a test runner, prints its output and counts its tests. Failed tests are counted; they are not an error.
fn counted(runner: Runner, mut command: Command, parts: &mut Parts) -> Result<Count> {
    let (reader, writer) = std::io::pipe()?;
    let mut child = command.current_dir(root()).stdout(writer.try_clone()?).stderr(writer).spawn()?;
    // The command holds write ends of the pipe: with them open, reading would never end.
    drop(command);
    let mut tally = Tally::new(runner, parts);
    for line in BufReader::new(reader).split(b'\n') {
        let line = String::from_utf8_lossy(&line?).into_owned();
        println!("{line}");
        tally.line(&line);
    }
    Ok(tally.finish(child.wait()?.success()))
}
