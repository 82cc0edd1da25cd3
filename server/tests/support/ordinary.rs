//! Commands that may not read what root may.

use std::process::{Command, Stdio};

/// The user that owns nothing.
pub(crate) const NOBODY: u32 = 65_534;

/// The same command where files are closed to it, as they are to everybody but root. Where the tests run as root, root
/// loses the right to read every file, rather than become somebody who may not reach the programs of these tests.
pub(crate) fn ordinary(command: &Command) -> Command {
    let mut ordinary = if rustix::process::geteuid().is_root() {
        let mut setpriv = Command::new("setpriv");
        setpriv.args(["--bounding-set", "-dac_override,-dac_read_search", "--"]).arg(command.get_program());
        setpriv
    } else {
        Command::new(command.get_program())
    };
    ordinary.args(command.get_args()).stdin(Stdio::null());
    for (name, value) in command.get_envs() {
        match value {
            Some(value) => ordinary.env(name, value),
            None => ordinary.env_remove(name),
        };
    }
    ordinary
}
