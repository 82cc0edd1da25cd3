//! The two files: reads them, and explains what is wrong with them.

use std::fs;
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};

use exeunt_core::Moment;
use tokio_rustls::rustls::crypto::ring::default_provider;
use tokio_rustls::rustls::pki_types::pem::{self, PemObject};
use tokio_rustls::rustls::pki_types::{CertificateDer, PrivateKeyDer};
use tokio_rustls::rustls::sign::CertifiedKey;
use tokio_rustls::rustls::{self, InconsistentKeys};

use super::validity::{self, Validity};
use crate::error::{Error, Result};
use crate::time::date;

/// The largest accepted certificate or key file, in bytes.
const FILE_BYTES_MAX: u64 = 1 << 20;

/// The paths of the certificate and its key.
pub(super) struct Pair {
    /// The server's certificate, then those of its issuers, as PEM.
    pub(super) cert: PathBuf,
    /// The private key, as PEM.
    pub(super) key: PathBuf,
}

/// What identifies a file's version: change time in seconds and nanoseconds, length, inode. `None`: it does not exist.
type Look = Option<(i64, i64, u64, u64)>;
/// Both files at one moment.
pub(super) type Seen = [Look; 2];

impl Pair {
    /// The state of both files now, without reading them.
    pub(super) fn look(&self) -> Seen {
        [&self.cert, &self.key].map(|path| {
            let it = fs::metadata(path).ok()?;
            Some((it.mtime(), it.mtime_nsec(), it.len(), it.ino()))
        })
    }

    /// The certificate to serve, and when it expires.
    ///
    /// # Errors
    /// As [`super::Tls::open`].
    pub(super) fn read(&self, now: Moment) -> Result<(CertifiedKey, Moment)> {
        let text = read("tls_cert", &self.cert)?;
        let chain: Result<Vec<_>, pem::Error> = CertificateDer::pem_slice_iter(&text).collect();
        let chain = chain.map_err(|error| bad("tls_cert", &self.cert, format!("is not PEM: {error}")))?;
        let Some(first) = chain.first() else {
            return Err(bad(
                "tls_cert",
                &self.cert,
                "contains no certificate; expected PEM, with the server's own certificate first",
            ));
        };
        let validity = validity::of(first)
            .ok_or_else(|| bad("tls_cert", &self.cert, "contains a certificate that cannot be read"))?;
        self.must_be_valid(validity, now)?;
        let text = read("tls_key", &self.key)?;
        let key = PrivateKeyDer::from_pem_slice(&text).map_err(|error| self.no_key(&error))?;
        let key =
            CertifiedKey::from_der(chain, key, &default_provider()).map_err(|error| self.refused(&error))?;
        Ok((key, validity.until))
    }

    /// An expired certificate is refused rather than served: no client would accept it, and a server that seems to run
    /// hides the reason.
    fn must_be_valid(&self, validity: Validity, now: Moment) -> Result<()> {
        if now > validity.until {
            let text =
                format!("expired on {}; replace it with a renewed certificate", date::text(validity.until));
            return Err(bad("tls_cert", &self.cert, text));
        }
        if now < validity.from {
            let text = format!(
                "is not valid before {}, but the clock says {}; correct the clock, or wait",
                date::text(validity.from),
                date::text(now)
            );
            return Err(bad("tls_cert", &self.cert, text));
        }
        Ok(())
    }

    fn no_key(&self, error: &pem::Error) -> Error {
        match error {
            pem::Error::NoItemsFound => bad(
                "tls_key",
                &self.key,
                "contains no private key; expected PEM without encryption, since nobody could type a \
                 password at a restart",
            ),
            other => bad("tls_key", &self.key, format!("is not PEM: {other}")),
        }
    }

    fn refused(&self, error: &rustls::Error) -> Error {
        match error {
            rustls::Error::InconsistentKeys(InconsistentKeys::KeyMismatch) => bad(
                "tls_key",
                &self.key,
                format!(
                    "does not match the first certificate in {}; expected the key of that certificate, and \
                     the server's own certificate before those of its issuers",
                    self.cert.display()
                ),
            ),
            rustls::Error::InvalidCertificate(error) => {
                bad("tls_cert", &self.cert, format!("contains a certificate that cannot be read: {error:?}"))
            }
            other => bad("tls_key", &self.key, format!("contains a key that cannot be used: {other}")),
        }
    }
}

fn read(option: &'static str, path: &Path) -> Result<Vec<u8>> {
    let unread = |error: std::io::Error| bad(option, path, format!("cannot be read: {error}"));
    let length = fs::metadata(path).map_err(unread)?.len();
    match length {
        0 => Err(bad(option, path, "is empty")),
        length if length > FILE_BYTES_MAX => {
            Err(bad(option, path, format!("is larger than {FILE_BYTES_MAX} bytes")))
        }
        _ => fs::read(path).map_err(unread),
    }
}

fn bad(option: &'static str, path: &Path, what: impl std::fmt::Display) -> Error {
    Error::malformed(option, format!("{option}: {} {what}", path.display()))
}
