//! The key that a command sends: from a file, from the environment, or, on this machine, the one that the server made.
//! Never from an argument, which every user of the machine can read.

use std::io::Read;
use std::path::{Path, PathBuf};

use exeunt_core::Token;

use crate::cli::exit::{Exit, Failure, Outcome};
use crate::cli::keys::FILE;
use crate::outbound::Target;

/// The variable with the keys: of several, separated by commas, the first is sent.
const VARIABLE: &str = "EXEUNT_ADMIN_KEY";
/// The default directories with the key of a server on this machine: of `serve`, then of `demo`.
const DIRECTORIES: [&str; 2] = ["exeunt-data", "exeunt-demo"];
/// The largest key file, in bytes.
const FILE_BYTES_MAX: u64 = 4096;

/// A key and its source.
pub(super) struct Credential {
    /// The key.
    pub key: Token,
    /// Its source, for the error if the server refuses it.
    pub source: String,
}

impl Credential {
    /// Finds the key for this server.
    ///
    /// # Errors
    /// `Refused` if there is none; `Usage` if the text found is not a key.
    pub(super) fn find(file: Option<&Path>, target: &Target) -> Outcome<Self> {
        if let Some(file) = file {
            return Self::read(file);
        }
        match std::env::var(VARIABLE) {
            Ok(text) if !text.trim().is_empty() => return Self::of(&text, VARIABLE.to_owned()),
            Err(std::env::VarError::NotUnicode(_)) => {
                return Err(Failure::usage(format!("{VARIABLE} is not UTF-8")));
            }
            _ => {}
        }
        let made = DIRECTORIES.map(|directory| PathBuf::from(directory).join(FILE));
        let made = made.iter().find(|file| target.is_here() && file.exists());
        made.map_or_else(|| Err(missing(target)), |file| Self::read(file))
    }

    fn read(file: &Path) -> Outcome<Self> {
        let about = |what: String| Failure::usage(format!("{}: {what}", file.display()));
        let mut text = String::new();
        let opened = std::fs::File::open(file).map_err(|error| about(error.to_string()))?;
        opened.take(FILE_BYTES_MAX).read_to_string(&mut text).map_err(|error| about(error.to_string()))?;
        Self::of(&text, file.display().to_string())
    }

    fn of(text: &str, source: String) -> Outcome<Self> {
        let first = text.split(',').next().unwrap_or_default().trim();
        match Token::presented(first) {
            Some(key) if first.bytes().all(|byte| byte.is_ascii_graphic()) => Ok(Self { key, source }),
            _ => Err(Failure::usage(format!("{source} does not contain a key"))),
        }
    }
}

fn missing(target: &Target) -> Failure {
    let place = if target.is_here() {
        format!(" (there is no {}/{FILE} here)", DIRECTORIES[0])
    } else {
        String::new()
    };
    Failure::new(
        Exit::Refused,
        format!("no key was given; give one with --key-file or in the variable {VARIABLE}{place}"),
    )
}
