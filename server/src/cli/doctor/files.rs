//! Checks the permissions of the files: the database holds password hashes, `admin.key` a key.

use std::fs::{self, Metadata};
use std::io;
use std::os::unix::fs::MetadataExt;
use std::path::Path;

use super::finding::Finding;
use crate::cli::keys::FILE;
use crate::store::sqlite::file::folder_of;

/// Users other than the owner may read.
const READ_BY_OTHERS: u32 = 0o044;
/// Users outside the group may read.
const READ_BY_EVERYBODY: u32 = 0o004;
/// Users other than the owner may write.
const WRITTEN_BY_OTHERS: u32 = 0o022;
/// Users other than the owner may do anything.
const OTHERS: u32 = 0o077;

/// Checks the configuration file: a user who can change it can make the server trust any forwarded address.
pub(super) fn configuration(file: &Path) -> Option<Finding> {
    let about = fs::metadata(file).ok()?;
    let mode = mode(&about);
    Some(match mode & WRITTEN_BY_OTHERS {
        0 => Finding::well("permissions", format!("{} can be changed only by its owner", file.display())),
        _ => Finding::wrong(
            "permissions",
            format!("{} can be changed by users other than its owner (mode {mode:o})", file.display()),
            format!("chmod go-w {}", file.display()),
        ),
    })
}

/// Checks the private key of the certificate: anyone who has it can impersonate the server. Its group may read it,
/// since usually another program renews it.
pub(super) fn private_key(file: &Path) -> Option<Finding> {
    let about = fs::metadata(file).ok()?;
    let mode = mode(&about);
    Some(match mode & (READ_BY_EVERYBODY | WRITTEN_BY_OTHERS) {
        0 => Finding::well("permissions", format!("{} is not readable by everybody", file.display())),
        _ => Finding::wrong(
            "permissions",
            format!("{} is a private key that other users can read or write (mode {mode:o})", file.display()),
            format!(
                "chmod 640 {}; if other users could read it, replace the key and its certificate",
                file.display()
            ),
        ),
    })
}

/// Checks the directory of the store, the database and the files beside it, and the key.
pub(super) fn beside(database: &Path) -> Vec<Finding> {
    let folder = folder_of(database);
    let about = match fs::metadata(folder) {
        Ok(about) => about,
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Vec::new(),
        Err(error) => {
            let says = format!("cannot read {}: {error}", folder.display());
            return vec![Finding::wrong("permissions", says, "run this command as the server's user")];
        }
    };
    let mut findings = Vec::new();
    if mode(&about) & WRITTEN_BY_OTHERS != 0 {
        findings.push(Finding::wrong(
            "permissions",
            format!("other users can create files in {} (mode {:o})", folder.display(), mode(&about)),
            format!("chmod 700 {}", folder.display()),
        ));
    } else if mode(&about) & OTHERS != 0 {
        findings.push(Finding::warning(
            "permissions",
            format!("other users can list {} (mode {:o})", folder.display(), mode(&about)),
            format!("chmod 700 {}", folder.display()),
        ));
    }
    for file in [database.to_owned(), log(database), folder.join(FILE)] {
        findings.extend(secret(&file, &about));
    }
    if findings.is_empty() {
        findings.push(Finding::well(
            "permissions",
            format!("{} is accessible only to its owner", folder.display()),
        ));
    }
    findings
}

fn secret(file: &Path, folder: &Metadata) -> Option<Finding> {
    let about = fs::metadata(file).ok()?;
    let (mode, file) = (mode(&about), file.display());
    if mode & (READ_BY_OTHERS | WRITTEN_BY_OTHERS) != 0 {
        let says = format!("{file} contains secrets that other users can read or write (mode {mode:o})");
        return Some(Finding::wrong("permissions", says, format!("chmod 600 {file}")));
    }
    if about.uid() != folder.uid() {
        let says = format!("{file} belongs to user {}, its directory to user {}", about.uid(), folder.uid());
        return Some(Finding::warning("permissions", says, "chown both to the server's user"));
    }
    None
}

fn log(database: &Path) -> std::path::PathBuf {
    let mut name = database.as_os_str().to_owned();
    name.push("-wal");
    name.into()
}

fn mode(about: &Metadata) -> u32 {
    about.mode() & 0o777
}
