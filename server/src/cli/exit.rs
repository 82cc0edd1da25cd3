//! How a command comes out: an exit code for programs, and a sentence for people where it failed.

use std::fmt;
use std::process::ExitCode;

use crate::error::Error;

/// The exit codes. They are an interface: scripts tell outcomes apart by them.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Exit {
    /// It is done.
    Done = 0,
    /// It failed, in a way that no other code tells.
    Failed = 1,
    /// The command line is wrong, or what it asks for makes no sense to the server.
    Usage = 2,
    /// There is no such thing.
    NotFound = 3,
    /// The key is missing, not accepted, or does not allow this.
    Refused = 4,
    /// The server cannot be reached, or cannot answer now.
    Unavailable = 5,
    /// It is there already, or somebody else changed it meanwhile.
    Conflict = 6,
    /// `check`: the token is not active.
    Inactive = 7,
    /// The log of marks no longer reaches back to the position.
    Gone = 8,
    /// `user import`, `session import`: some rows were refused; the others are in.
    Partly = 9,
    /// It was interrupted: as a shell says it of Ctrl-C.
    Interrupted = 130,
}

/// What a command comes to.
pub(super) type Outcome<T = Exit> = Result<T, Failure>;

/// Why a command failed: a code, and what to tell the person who typed it.
#[derive(Debug)]
pub(super) struct Failure {
    /// The code.
    pub exit: Exit,
    text: String,
}

/// The codes as the help tells them.
pub(super) const HELP: &str = "\
Exit codes:
  0    done
  1    failed
  2    the command line is invalid, or the server rejected its arguments
  3    not found
  4    the key is missing, invalid, or does not permit this
  5    the server cannot be reached, or cannot answer now
  6    it exists already, or was changed by somebody else in the meantime
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

    /// Ctrl-C needs no words.
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

/// Of what was printed: a reader that has seen enough, as `head` does, is no failure.
impl From<std::io::Error> for Failure {
    fn from(error: std::io::Error) -> Self {
        match error.kind() {
            std::io::ErrorKind::BrokenPipe => Self::new(Exit::Done, ""),
            _ => Self::new(Exit::Failed, format!("the output cannot be written: {error}")),
        }
    }
}

impl From<Exit> for ExitCode {
    fn from(exit: Exit) -> Self {
        Self::from(exit as u8)
    }
}
