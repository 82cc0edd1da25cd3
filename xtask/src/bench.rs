//! `cargo xtask bench [name…] [--rounds N] [--date YYYY-MM-DD]`: runs the measurements of docs/performance.md.

use anyhow::Result;

use crate::machine::{self, Need};
use crate::parts::{Parts, cargo, root};

/// The programs that serve as references, and the one that pins a server to its core.
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

/// Installs missing programs, builds, and measures.
pub(crate) fn run(words: &[&str], parts: &mut Parts) -> Result<()> {
    machine::provide(NEEDS, parts)?;
    let packages = ["build", "--release", "--locked", "--package", "exeunt", "--package", "exeunt-bench"];
    parts.run("build", &mut cargo(&packages))?;
    let mut bench = std::process::Command::new(root().join("target/release/exeunt-bench"));
    parts.run("bench", bench.args(words))
}
