//! Certificates of one test, made by openssl.

use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

/// A certificate for `localhost` and 127.0.0.1 that vouches for itself, valid for a day from now, and its key.
pub(crate) struct Pair {
    pub(crate) cert: PathBuf,
    pub(crate) key: PathBuf,
}

/// Keys on the curve P-256: made in no time.
pub(crate) const CURVE: &[&str] = &["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1"];
/// Keys as old authorities ask for.
pub(crate) const RSA: &[&str] = &["-newkey", "rsa:2048"];

impl Pair {
    pub(crate) fn make(folder: &Path, name: &str, algorithm: &[&str]) -> Self {
        let cert = folder.join(format!("{name}.pem"));
        let key = folder.join(format!("{name}.key"));
        let made = Command::new("openssl")
            .args(["req", "-x509", "-noenc", "-days", "1", "-subj", "/CN=exeunt.test"])
            .args(["-addext", "subjectAltName=DNS:localhost,IP:127.0.0.1"])
            .args(["-addext", "basicConstraints=critical,CA:FALSE"])
            .args(algorithm)
            .arg("-keyout")
            .arg(&key)
            .arg("-out")
            .arg(&cert)
            .stderr(Stdio::null())
            .status()
            .unwrap();
        assert!(made.success());
        Self { cert, key }
    }

    /// Takes the place of another pair.
    pub(crate) fn replace(&self, other: &Self) {
        std::fs::copy(&self.cert, &other.cert).unwrap();
        std::fs::copy(&self.key, &other.key).unwrap();
    }
}
