//! `cargo xtask check`: all checks of the sources that do not run the product.

use anyhow::Result;

use crate::parts::{Parts, cargo};

pub(crate) fn run(parts: &mut Parts) -> Result<()> {
    parts.run("formatting", &mut cargo(&["fmt", "--all", "--check"]))?;
    let lints = ["clippy", "--workspace", "--all-targets", "--locked", "--", "-D", "warnings"];
    parts.run("lints", &mut cargo(&lints))?;
    parts.run("tidy", &mut cargo(&["test", "--package", "exeunt", "--locked", "--quiet", "--test", "tidy"]))
}
