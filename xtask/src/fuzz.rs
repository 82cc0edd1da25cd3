//! `cargo xtask fuzz [target] [--secs 60]`: fuzzes every parser of bytes from outside, guided by coverage.

use std::fs;
use std::path::Path;
use std::process::Command;

use anyhow::{Context, Result, bail, ensure};

use crate::parts::{Parts, cargo, root};

/// How long each target runs.
const SECS: u32 = 60;
/// Coverage for libFuzzer, and the address sanitizer: our parsers are safe Rust, but crates that they use contain
/// unsafe code.
const FLAGS: &str = "--cfg fuzzing -Cpasses=sancov-module -Cllvm-args=-sanitizer-coverage-level=4 \
                     -Cllvm-args=-sanitizer-coverage-inline-8bit-counters -Cllvm-args=-sanitizer-coverage-pc-table \
                     -Cllvm-args=-sanitizer-coverage-trace-compares -Cdebug-assertions \
                     -Zsanitizer=address";
/// Makes the stable compiler accept `-Zsanitizer`, a nightly flag.
const BOOTSTRAP: (&str, &str) = ("RUSTC_BOOTSTRAP", "1");
/// The target is explicit, so that the flags do not apply to build scripts.
const TARGET: &str = "x86_64-unknown-linux-gnu";

pub(crate) fn run(words: &[&str], parts: &mut Parts) -> Result<()> {
    let (wanted, secs) = read(words)?;
    let folder = root().join("fuzz");
    ensure!(folder.join("Cargo.toml").exists(), "there are no fuzz targets: fuzz/Cargo.toml is missing");
    let targets: Vec<String> = targets(&folder.join("fuzz_targets"))?
        .into_iter()
        .filter(|name| wanted.is_none_or(|wanted| wanted == name))
        .collect();
    ensure!(!targets.is_empty(), "no such fuzz target; they are the files of fuzz/fuzz_targets/");
    let mut build = cargo(&["build", "--release", "--manifest-path", "fuzz/Cargo.toml", "--target", TARGET]);
    parts.run("build the fuzz targets", build.env("RUSTFLAGS", FLAGS).env(BOOTSTRAP.0, BOOTSTRAP.1))?;
    for name in targets {
        // New inputs go into the first folder; the second is the saved corpus, which people extend by hand.
        let found = folder.join("target/corpus").join(&name);
        let saved = folder.join("corpus").join(&name);
        let artifacts = folder.join("artifacts").join(&name);
        for folder in [&found, &saved, &artifacts] {
            fs::create_dir_all(folder)?;
        }
        let mut command = Command::new(folder.join("target").join(TARGET).join("release").join(&name));
        command
            .args([found, saved])
            .arg(format!("-max_total_time={secs}"))
            .arg("-timeout=5")
            .arg("-print_final_stats=1");
        command.arg(format!("-artifact_prefix={}/", artifacts.display()));
        parts.run(&format!("fuzz {name}"), &mut command)?;
    }
    Ok(())
}

fn read<'a>(words: &[&'a str]) -> Result<(Option<&'a str>, u32)> {
    let seconds = |text: &str| text.parse().context("--secs takes a number of seconds");
    Ok(match *words {
        [] => (None, SECS),
        ["--secs", secs] => (None, seconds(secs)?),
        [target] => (Some(target), SECS),
        [target, "--secs", secs] => (Some(target), seconds(secs)?),
        _ => bail!("fuzz [target] [--secs 60], not {words:?}"),
    })
}

fn targets(folder: &Path) -> Result<Vec<String>> {
    let mut names = Vec::new();
    for entry in fs::read_dir(folder).with_context(|| folder.display().to_string())? {
        let path = entry?.path();
        if path.extension().is_some_and(|ending| ending == "rs") {
            names.extend(path.file_stem().map(|stem| stem.to_string_lossy().into_owned()));
        }
    }
    names.sort();
    Ok(names)
}
