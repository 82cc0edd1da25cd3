//! The real binary, run to its end.

use std::io::Write;
use std::process::{Command, Stdio};

use crate::support::binary::KEY;

/// What a command came to.
pub(crate) struct Ran {
    pub(crate) code: i32,
    pub(crate) out: String,
    pub(crate) err: String,
}

/// Runs `exeunt` with these arguments, without a terminal, and with the administrators' key.
pub(crate) fn run(arguments: &[&str]) -> Ran {
    ran(Command::new(env!("CARGO_BIN_EXE_exeunt")).args(arguments))
}

/// The same for somebody who has no key.
pub(crate) fn run_without_key(arguments: &[&str]) -> Ran {
    ended(Command::new(env!("CARGO_BIN_EXE_exeunt")).args(arguments).env_remove("EXEUNT_ADMIN_KEY"), "")
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
    ended(command.env("EXEUNT_ADMIN_KEY", KEY), "")
}

/// Runs a command to its end, with this on standard input.
pub(crate) fn ended(command: &mut Command, input: &str) -> Ran {
    let piped = command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
    let mut child = piped.spawn().unwrap();
    // A command that reads no input may be over before it is written.
    let _unread = child.stdin.take().unwrap().write_all(input.as_bytes());
    let output = child.wait_with_output().unwrap();
    let text = |bytes| String::from_utf8(bytes).unwrap();
    let code = output.status.code().expect("it ends by itself");
    Ran { code, out: text(output.stdout), err: text(output.stderr) }
}
