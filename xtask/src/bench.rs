//! `cargo xtask bench [name…] [--rounds N] [--date YYYY-MM-DD]`: the measurements of docs/performance.md.

use anyhow::Result;

use crate::machine::{self, Need};
use crate::parts::{Parts, cargo, root};

/// What the figures are held against, and what keeps a server on its core.
const NEEDS: &[Need] = &[
    Need {
        what: "a C compiler, for the embedded database",
        probe: &["cc", "--version"],
        packages: &["gcc", "libc6-dev"],
    },
    Need { what: "Redis", probe: &["redis-server", "--version"], packages: &["redis-server"] },
    Need {
        what: "PostgreSQL 15 and pgbench",
        probe: &["/usr/lib/postgresql/15/bin/pgbench", "--version"],
        packages: &["postgresql-15"],
    },
    Need { what: "taskset", probe: &["taskset", "--version"], packages: &["util-linux"] },
];

/// Installs what is missing, builds, measures.
pub(crate) fn run(words: &[&str], parts: &mut Parts) -> Result<()> {
    machine::provide(NEEDS, parts)?;
    let packages = ["build", "--release", "--locked", "--package", "exeunt", "--package", "exeunt-bench"];
    parts.run("build", &mut cargo(&packages))?;
    let mut bench = std::process::Command::new(root().join("target/release/exeunt-bench"));
    parts.run("bench", bench.args(words))
}
