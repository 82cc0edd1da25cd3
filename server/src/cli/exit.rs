//! The result of a command: an exit code for programs, and a sentence for people if it failed.

use std::fmt;
use std::process::ExitCode;

use crate::error::Error;
use crate::outbound::Fault;

/// The exit codes. They are an interface: scripts depend on them.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Exit {
    /// Success.
    Done = 0,
    /// A failure that has no code of its own.
    Failed = 1,
    /// The command line is wrong, or the server rejects a value in it.
    Usage = 2,
    /// What was named does not exist.
    NotFound = 3,
    /// The key is missing, not accepted, or does not allow this.
    Refused = 4,
    /// The server cannot be reached, or cannot respond now.
    Unavailable = 5,
    /// It already exists, or was changed in the meantime.
    Conflict = 6,
    /// `check`: the token is not active.
    Inactive = 7,
    /// The position is no longer in the log of marks.
    Gone = 8,
    /// `user import`, `session import`: some rows were refused; the others were imported.
    Partly = 9,
    /// Interrupted by Ctrl-C: the code that shells use.
    Interrupted = 130,
}

/// The result of a command.
pub(super) type Outcome<T = Exit> = Result<T, Failure>;

/// Why a command failed: a code, and a message for the user.
#[derive(Debug)]
pub(super) struct Failure {
    /// The code.
    pub exit: Exit,
    text: String,
}

/// The codes, for the help.
pub(super) const HELP: &str = "\
Exit codes:
  0    done
  1    failed
  2    the command line is invalid, or the server rejected its arguments
  3    not found
  4    the key is missing, invalid, or does not permit this
  5    the server cannot be reached, or cannot answer now
  6    it exists already, or someone else changed it in the meantime
  7    check: the token is not active
  8    marks: the log no longer reaches back to this position
  9    user import, session import: some rows were refused, the others were imported
  130  interrupted";

impl Failure {
    pub(super) fn new(exit: Exit, text: impl Into<String>) -> Self {
        Self { exit, text: text.into() }
    }

    /// The command line is wrong.
    pub(super) fn usage(text: impl Into<String>) -> Self {
        Self::new(Exit::Usage, text)
    }

    /// Interrupted by Ctrl-C, without a message.
    pub(super) fn interrupted() -> Self {
        Self::new(Exit::Interrupted, "")
    }
}

impl fmt::Display for Failure {
    fn fmt(&self, to: &mut fmt::Formatter<'_>) -> fmt::Result {
        to.write_str(&self.text)
    }
}

impl From<Error> for Failure {
    fn from(error: Error) -> Self {
        Self::new(Exit::Failed, error.to_string())
    }
}

impl From<Fault> for Failure {
    fn from(fault: Fault) -> Self {
        match fault {
            Fault::Invalid(text) => Self::new(Exit::Usage, text),
            Fault::Unreachable(text) => Self::new(Exit::Unavailable, text),
            Fault::Untrusted(text) => Self::new(Exit::Failed, format!("{text}. {}", advice_on_trust(&text))),
        }
    }
}

fn advice_on_trust(text: &str) -> &'static str {
    // `openssl req -x509` makes such certificates by default; not all clients accept them.
    if text.contains("CaUsedAsEndEntity") {
        return "Its certificate is that of a certificate authority; create it again with basicConstraints=CA:FALSE";
    }
    "If its certificate is from a private certificate authority, give that with --ca-file"
}

/// An error of the output. A closed pipe, as `head` leaves, is not a failure.
impl From<std::io::Error> for Failure {
    fn from(error: std::io::Error) -> Self {
        match error.kind() {
            std::io::ErrorKind::BrokenPipe => Self::new(Exit::Done, ""),
            _ => Self::new(Exit::Failed, format!("cannot write the output: {error}")),
        }
    }
}

impl From<Exit> for ExitCode {
    fn from(exit: Exit) -> Self {
        Self::from(exit as u8)
    }
}
