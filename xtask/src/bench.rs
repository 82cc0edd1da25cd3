//! `cargo xtask bench [name]`: the measurements of docs/performance.md.

use anyhow::{Result, ensure};

use crate::parts::{Parts, cargo, root};

pub(crate) fn run(words: &[&str], parts: &mut Parts) -> Result<()> {
    ensure!(
        root().join("benches/Cargo.toml").exists(),
        "there are no measurements: the package benches/ is missing"
    );
    parts
        .run("bench", cargo(&["run", "--release", "--locked", "--package", "exeunt-bench", "--"]).args(words))
}
