//! The file with the master secret, for servers whose operator gives none: `secret.key` beside the database.

use std::fs::File;
use std::io::{self, ErrorKind, Read};
use std::os::unix::fs::PermissionsExt;
use std::path::Path;

use zeroize::Zeroizing;

use super::master::{MASTER_SECRET_BYTES, MasterSecrets, VARIABLE};
use crate::authority::private_file;
use crate::error::{Error, Kind, Result};

/// The name of the file beside the database.
pub const FILE: &str = "secret.key";
/// The longest file that is read, in bytes: two secrets take 130.
const FILE_BYTES_MAX: u64 = 1024;
/// Permissions that anyone on the machine has.
const OTHERS: u32 = 0o007;

/// Reads the master secrets from a file that the operator named (`secret_key_file`). Who else may read it is the
/// operator's choice: files of secrets in containers are often open to all.
///
/// # Errors
/// `Malformed`, which says what was found and expected.
pub fn read(path: &Path) -> Result<MasterSecrets> {
    let file = File::open(path).map_err(|error| {
        let rule = format!("cannot read {}, which secret_key_file names: {error}", path.display());
        Error::malformed("secret_key_file", rule)
    })?;
    read_open(&file, path)
}

/// Reads `secret.key` in this folder, the one of the database. If there is none and `may_create` is true, which it is
/// only at the first start of a new store, makes it of these random bytes. Only the holder of the store's lock may call
/// this.
///
/// # Errors
/// `NotFound` if there is no file and none may be made; `Malformed` if it cannot be read, written or understood, or
/// anyone on the machine may read it.
pub fn open(folder: &Path, fresh: [u8; MASTER_SECRET_BYTES], may_create: bool) -> Result<MasterSecrets> {
    let fresh = Zeroizing::new(fresh);
    let path = folder.join(FILE);
    let shown = path.display();
    let file = match File::open(&path) {
        Ok(file) => file,
        Err(error) if error.kind() == ErrorKind::NotFound && may_create => {
            private_file::write(&path, &digits(&fresh)).map_err(|error| {
                let advice = "make its folder writable for this user";
                Error::malformed(
                    "secret_key",
                    format!("cannot write {shown}: {error}; {advice}, or set {VARIABLE}"),
                )
            })?;
            File::open(&path).map_err(|error| unreadable(&path, &error))?
        }
        Err(error) if error.kind() == ErrorKind::NotFound => {
            let rule = format!(
                "there is no {shown}, which holds the secret that the sealing keys of this store are encrypted \
                 under: put the file back, give its secret as {VARIABLE}, or make new keys with `exeunt secret rotate \
                 --now`, which voids every token that the old ones sealed"
            );
            return Err(Error::new(Kind::NotFound, rule));
        }
        Err(error) => return Err(unreadable(&path, &error)),
    };
    let mode = file.metadata().map_err(|error| unreadable(&path, &error))?.permissions().mode() & 0o777;
    if mode & OTHERS != 0 {
        let rule = format!(
            "found {shown} with permissions {mode:o}, expected 600: anyone on this machine may have read the secret; \
             `chmod 600 {shown}`, and replace it if that matters"
        );
        return Err(Error::malformed("secret_key", rule));
    }
    read_open(&file, &path)
}

fn read_open(file: &File, path: &Path) -> Result<MasterSecrets> {
    let mut text = Zeroizing::new(String::new());
    file.take(FILE_BYTES_MAX + 1).read_to_string(&mut text).map_err(|error| unreadable(path, &error))?;
    let place = path.display().to_string();
    if text.len() as u64 > FILE_BYTES_MAX {
        let rule = format!(
            "{place}: found more than {FILE_BYTES_MAX} bytes, expected one or two secrets of 32 bytes"
        );
        return Err(Error::malformed("secret_key", rule));
    }
    MasterSecrets::parse(&text, &place)
}

/// The secret as the text of its file.
fn digits(secret: &[u8; MASTER_SECRET_BYTES]) -> Zeroizing<String> {
    let mut text = Zeroizing::new(String::with_capacity(2 * MASTER_SECRET_BYTES));
    for byte in secret {
        text.extend([byte >> 4, byte & 15].into_iter().filter_map(|half| char::from_digit(half.into(), 16)));
    }
    text
}

fn unreadable(path: &Path, error: &io::Error) -> Error {
    let rule = format!(
        "cannot read {}: {error}; expected a file of text with a secret of 32 bytes that this user may read",
        path.display()
    );
    Error::malformed("secret_key", rule)
}
