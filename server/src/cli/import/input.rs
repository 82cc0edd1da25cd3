//! The input of an import: a file or standard input.

use std::fs::{File, Metadata, metadata};
use std::io::stdin;
use std::os::fd::AsFd;
use std::os::unix::fs::MetadataExt;
use std::path::Path;

use crate::cli::exit::{Exit, Failure, Outcome};

pub(super) struct Input {
    /// The file to read.
    pub file: File,
    /// Its size in bytes; 0 if unknown.
    pub bytes: u64,
    about: Metadata,
}

impl Input {
    /// Opens a file; `-` is standard input.
    ///
    /// # Errors
    /// `Failed` if it cannot be read.
    pub(super) fn open(path: &Path) -> Outcome<Self> {
        let failed = |error| Failure::new(Exit::Failed, format!("cannot read {}: {error}", path.display()));
        let opened = if path.as_os_str() == "-" {
            stdin().as_fd().try_clone_to_owned().map(File::from)
        } else {
            File::open(path)
        };
        let file = opened.map_err(failed)?;
        let about = file.metadata().map_err(failed)?;
        let bytes = if about.is_file() { about.len() } else { 0 };
        Ok(Self { file, bytes, about })
    }

    /// Checks that a file to be written is not the input itself under any name: writing would empty it.
    ///
    /// # Errors
    /// `Usage`.
    pub(super) fn must_not_be(&self, written: &Path) -> Outcome<()> {
        // Only an existing file can be the input.
        let Ok(there) = metadata(written) else { return Ok(()) };
        if self.about.is_file() && (there.dev(), there.ino()) == (self.about.dev(), self.about.ino()) {
            return Err(Failure::usage(format!(
                "{} is the input itself, which --refused would overwrite; give another file",
                written.display()
            )));
        }
        Ok(())
    }
}
