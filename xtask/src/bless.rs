//! `cargo xtask bless [filter]`: rewrites the recorded results of tests. Read the difference before you commit it.

use anyhow::{Result, bail};

use crate::parts::{Parts, cargo, root};

/// Tests that compare with checked-in results, and rewrite them if `EXEUNT_BLESS` is set.
const RECORDED: [&str; 2] = ["stories", "errors"];

pub(crate) fn run(words: &[&str], parts: &mut Parts) -> Result<()> {
    let tests = root().join("server/tests");
    let there = |name: &&str| tests.join(format!("{name}.rs")).exists() || tests.join(name).exists();
    let mut command = cargo(&["test", "--package", "exeunt", "--locked", "--no-fail-fast"]);
    for name in RECORDED.iter().filter(|name| there(name)) {
        command.args(["--test", name]);
    }
    match words {
        [] => {}
        [filter] => drop(command.args(["--", filter])),
        _ => bail!("bless [filter], not {words:?}"),
    }
    parts.run("write what is recorded", command.env("EXEUNT_BLESS", "1"))
}
