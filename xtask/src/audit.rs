//! `cargo xtask audit`: looks for security advisories about dependencies. They change independently of the sources, so
//! this needs the network and is not part of `check`.

use anyhow::{Context, Result, bail};

use crate::machine::answers;
use crate::parts::{Parts, cargo};

pub(crate) fn run(parts: &mut Parts) -> Result<()> {
    let (name, command) = if answers(&["cargo", "deny", "--version"]) {
        ("cargo deny", ["deny", "check", "advisories"].as_slice())
    } else if answers(&["cargo", "audit", "--version"]) {
        ("cargo audit", ["audit"].as_slice())
    } else {
        bail!(
            "neither cargo-deny nor cargo-audit is here: `cargo install --locked cargo-deny`, then try again"
        );
    };
    let asked = parts.run(name, &mut cargo(command));
    asked.context("an advisory applies, or the network did not let us fetch them: see above")
}
