//! The list that is imported: a file, or the standard input.

use std::fs::{File, Metadata, metadata};
use std::io::stdin;
use std::os::fd::AsFd;
use std::os::unix::fs::MetadataExt;
use std::path::Path;

use crate::cli::exit::{Exit, Failure, Outcome};

pub(super) struct Input {
    /// What is read.
    pub file: File,
    /// How many bytes it has; 0: that is not known.
    pub bytes: u64,
    about: Metadata,
}

impl Input {
    /// Opens it; `-` is the standard input.
    ///
    /// # Errors
    /// `Failed` if it cannot be read.
    pub(super) fn open(path: &Path) -> Outcome<Self> {
        let failed =
            |error| Failure::new(Exit::Failed, format!("{} cannot be read: {error}", path.display()));
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

    /// A file that is to be written must not be the list itself, under whatever name: it would be emptied.
    ///
    /// # Errors
    /// `Usage`.
    pub(super) fn must_not_be(&self, written: &Path) -> Outcome<()> {
        // Only a file loses what it holds; what is not there yet is no list.
        let Ok(there) = metadata(written) else { return Ok(()) };
        if self.about.is_file() && (there.dev(), there.ino()) == (self.about.dev(), self.about.ino()) {
            return Err(Failure::usage(format!(
                "{} is the list itself, and --refused would empty it: name another file",
                written.display()
            )));
        }
        Ok(())
    }
}
