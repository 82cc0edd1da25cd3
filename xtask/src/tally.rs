//! Counts tests from the output of a test runner.

use std::time::Duration;

use crate::parts::Parts;

/// How many tests passed and failed.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Count {
    pub passed: u64,
    pub failed: u64,
}

/// The test runner whose output is read.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Runner {
    /// `cargo nextest run`: prints a line per test, and a summary.
    Nextest,
    /// `cargo test`: prints a result per test binary.
    Cargo,
}

/// Reads the output of a runner line by line.
pub(crate) struct Tally<'a> {
    runner: Runner,
    parts: &'a mut Parts,
    count: Count,
    program: String,
}

impl<'a> Tally<'a> {
    pub(crate) fn new(runner: Runner, parts: &'a mut Parts) -> Self {
        Self { runner, parts, count: Count::default(), program: String::new() }
    }

    /// Parses a line of output.
    pub(crate) fn line(&mut self, line: &str) {
        match self.runner {
            Runner::Nextest => self.nextest(line.trim_start()),
            Runner::Cargo => self.cargo(line.trim_start()),
        }
    }

    /// The count. A runner that failed without a failed test (the build failed) counts as one failure.
    pub(crate) fn finish(mut self, success: bool) -> Count {
        if !success && self.count.failed == 0 {
            self.count.failed = 1;
        }
        self.count
    }

    /// `PASS [   0.205s] (1/7) exeunt::tidy name` and `Summary [   0.5s] 7 tests run: 6 passed, 1 failed, 0 skipped`.
    fn nextest(&mut self, line: &str) {
        let Some((status, rest)) = line.split_once(" [") else { return };
        let Some((took, rest)) = rest.split_once("] ") else { return };
        if status == "Summary" {
            self.count.passed += number_before(rest, "passed");
            for kind in ["failed", "timed out", "exec failed"] {
                self.count.failed += number_before(rest, kind);
            }
        } else if status == "PASS" {
            let name = rest.split_once(") ").map_or(rest, |(_, name)| name);
            self.parts.add(name.trim().to_owned(), seconds(took));
        }
    }

    /// `Running tests/laws.rs (…)`, `Doc-tests exeunt_core`, and
    /// `test result: ok. 7 passed; 0 failed; 0 ignored; 0 measured; 0 filtered out; finished in 0.05s`.
    fn cargo(&mut self, line: &str) {
        if let Some(program) = line.strip_prefix("Running ") {
            self.program = program.split(" (").next().unwrap_or(program).to_owned();
        } else if let Some(name) = line.strip_prefix("Doc-tests ") {
            self.program = format!("doc tests of {name}");
        } else if let Some(result) = line.strip_prefix("test result: ") {
            self.count.passed += number_before(result, "passed");
            self.count.failed += number_before(result, "failed");
            if let Some((_, took)) = result.split_once("finished in ") {
                self.parts.add(self.program.clone(), seconds(took));
            }
        }
    }
}

/// The number right before ` word`: 6 for `failed` in `7 tests run: 1 passed, 6 failed`.
fn number_before(text: &str, word: &str) -> u64 {
    let pieces = text.split([',', ';', ':', '.']).map(str::trim);
    pieces
        .filter_map(|piece| piece.split_once(' '))
        .find(|(_, rest)| *rest == word || rest.starts_with(&format!("{word} (")))
        .and_then(|(number, _)| number.parse().ok())
        .unwrap_or_default()
}

fn seconds(text: &str) -> Duration {
    let number = text.trim().trim_end_matches('s').parse().unwrap_or_default();
    Duration::try_from_secs_f64(number).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn count(runner: Runner, success: bool, lines: &str) -> (u64, u64) {
        let mut parts = Parts::default();
        let mut tally = Tally::new(runner, &mut parts);
        lines.lines().for_each(|line| tally.line(line));
        let count = tally.finish(success);
        (count.passed, count.failed)
    }

    #[test]
    fn nextest_is_understood() {
        let lines = "  PASS [   0.2s] (1/7) a::b c\n     Summary [   1.0s] 10 tests run: 6 passed (1 slow), 3 failed, \
                     1 timed out, 0 skipped\n   test result: FAILED. 0 passed; 1 failed; 0 ignored";
        assert_eq!(count(Runner::Nextest, false, lines), (6, 4));
    }

    #[test]
    fn cargo_test_is_understood() {
        let lines = "     Running tests/laws.rs (target/x)\ntest result: ok. 7 passed; 0 failed; 0 ignored; 0 measured; \
                     0 filtered out; finished in 0.05s\ntest result: FAILED. 1 passed; 2 failed; finished in 1.00s";
        assert_eq!(count(Runner::Cargo, false, lines), (8, 2));
    }

    #[test]
    fn what_did_not_even_build_has_failed() {
        assert_eq!(count(Runner::Cargo, false, "error: could not compile"), (0, 1));
    }
}
