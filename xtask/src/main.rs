//! Developer commands, one file each. `cargo xtask help` lists them.

mod audit;
mod bench;
mod bless;
mod check;
mod fuzz;
mod machine;
mod parts;
mod soak;
mod tally;
mod test;

use std::process::ExitCode;

use anyhow::{Result, bail};

use crate::parts::Parts;

const HELP: &str = "\
cargo xtask <command>

  test [--long] [filter]      install what is missing, run every test, or those with the filter in their names (`test edges`:
                              each fault that was found from outside), end with `N passed, N failed`
  check                       formatting, lints, and the rules of tidy, dependencies among them
  ci                          check, then test: what .ci/run does
  bless [filter]              rewrite the recorded answers of stories and other checked-in tables; fail if any was wrong
  fuzz [target] [--secs 60]   feed random bytes to every parser of outside bytes, or to one
  bench [name]                measure, and print the table of docs/performance.md
  soak [--minutes 10]         load the server steadily, and fail if its memory or its open files grow
  audit                       ask for security advisories about our dependencies (needs the network)
  help                        this text";

fn main() -> ExitCode {
    let words: Vec<String> = std::env::args().skip(1).collect();
    let words: Vec<&str> = words.iter().map(String::as_str).collect();
    let mut parts = Parts::default();
    let done = dispatch(&words, &mut parts);
    parts.print_slowest();
    match done {
        Ok(None) => ExitCode::SUCCESS,
        Ok(Some(count)) => {
            println!("{} passed, {} failed", count.passed, count.failed);
            if count.failed == 0 { ExitCode::SUCCESS } else { ExitCode::FAILURE }
        }
        Err(error) => {
            eprintln!("xtask: {error:#}");
            ExitCode::FAILURE
        }
    }
}

/// Runs a command. Commands that run tests return the count of tests.
fn dispatch(words: &[&str], parts: &mut Parts) -> Result<Option<tally::Count>> {
    match words {
        ["test", rest @ ..] => return test::run(rest, parts).map(Some),
        ["check"] => check::run(parts)?,
        ["ci"] => {
            check::run(parts)?;
            return test::run(&[], parts).map(Some);
        }
        ["bless", rest @ ..] => bless::run(rest, parts)?,
        ["fuzz", rest @ ..] => fuzz::run(rest, parts)?,
        ["bench", rest @ ..] => bench::run(rest, parts)?,
        ["soak", rest @ ..] => soak::run(rest, parts)?,
        ["audit"] => audit::run(parts)?,
        [] | ["help" | "--help" | "-h"] => println!("{HELP}"),
        other => bail!("unknown command or arguments: {}\n\n{HELP}", other.join(" ")),
    }
    Ok(None)
}
