//! The real binary, run to its end.

use std::process::{Command, Stdio};

use crate::support::binary::KEY;

/// What it came to.
pub(crate) struct Ran {
    pub(crate) code: i32,
    pub(crate) output: String,
    pub(crate) error: String,
}

/// Runs `exeunt` with these arguments, without a terminal, and with the administrators' key.
pub(crate) fn run(arguments: &[&str]) -> Ran {
    ran(Command::new(env!("CARGO_BIN_EXE_exeunt")).args(arguments))
}

/// The same for somebody who has no key.
pub(crate) fn run_without_key(arguments: &[&str]) -> Ran {
    told(Command::new(env!("CARGO_BIN_EXE_exeunt")).args(arguments).env_remove("EXEUNT_ADMIN_KEY"))
}

/// Runs a script that may mount: in name spaces of its own, so that nobody else sees it.
pub(crate) fn run_apart(script: &str) -> Ran {
    ran(apart().args(["sh", "-c", script]))
}

/// What begins a command in name spaces of its own.
pub(crate) fn apart() -> Command {
    let mut command = Command::new("unshare");
    command.args(["--user", "--map-root-user", "--mount"]);
    command
}

fn ran(command: &mut Command) -> Ran {
    told(command.env("EXEUNT_ADMIN_KEY", KEY))
}

fn told(command: &mut Command) -> Ran {
    let output = command.stdin(Stdio::null()).output().unwrap();
    let text = |bytes: Vec<u8>| String::from_utf8(bytes).unwrap();
    Ran { code: output.status.code().unwrap(), output: text(output.stdout), error: text(output.stderr) }
}
