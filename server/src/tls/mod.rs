//! TLS by rustls: the served certificate, and how it is replaced while connections stay open.
//!
//! Deliberately absent: client certificates, HTTP/2, a certificate per name, early data (it could be replayed).

mod pair;
mod validity;

use std::fmt;
use std::path::PathBuf;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, RwLock};
use std::time::Duration;

use exeunt_core::Moment;
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::time::timeout;
use tokio_rustls::TlsAcceptor;
use tokio_rustls::rustls::crypto::ring::default_provider;
use tokio_rustls::rustls::server::{ClientHello, ResolvesServerCert};
use tokio_rustls::rustls::{self, ServerConfig, sign::CertifiedKey};
use tokio_rustls::server::TlsStream;

use self::pair::{Pair, Seen};
use crate::config::Config;
use crate::error::{Error, Result};
use crate::lock::{Exclusive as _, Shared as _};
use crate::time::date;

/// The only protocol inside TLS (RFC 7301).
const ALPN: &[u8] = b"http/1.1";
/// The log warns about a certificate this many seconds before it expires: two weeks.
pub const RENEWAL_SECS: u64 = 14 * DAY_SECS;
/// Seconds between two reminders.
const DAY_SECS: u64 = 86_400;

/// The server's side of TLS.
pub struct Tls {
    files: Pair,
    watched: Mutex<Watched>,
    shown: Arc<Shown>,
    /// When the log last warned about the expiry.
    reminded: Mutex<Option<Moment>>,
    acceptor: TlsAcceptor,
    handshakes_failed: AtomicU64,
    renewals_failed: AtomicU64,
}

/// The state of the files.
struct Watched {
    /// At the last check.
    last: Seen,
    /// At the last read, successful or not.
    read: Seen,
}

/// The warning about a certificate that was not renewed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Expiry {
    /// It expires within [`RENEWAL_SECS`].
    Soon,
    /// It has expired: clients refuse it.
    Past,
}

/// The certificate that new connections get, and when it expires.
struct Shown(RwLock<(Arc<CertifiedKey>, Moment)>);

impl Tls {
    /// Reads the certificate and its key, if the configuration names them.
    ///
    /// # Errors
    /// `Malformed("tls_cert")` or `Malformed("tls_key")`, naming the file, the problem and the remedy: it is not
    /// readable, empty, not PEM; the two do not belong together; the certificate is expired or not yet valid.
    pub fn open(config: &Config, now: Moment) -> Result<Option<Self>> {
        let Some(files) = files(config)? else { return Ok(None) };
        let seen = files.look();
        let (key, until) = files.read(now)?;
        let shown = Arc::new(Shown(RwLock::new((Arc::new(key), until))));
        let acceptor = acceptor(shown.clone()).map_err(Error::internal)?;
        let watched = Mutex::new(Watched { last: seen, read: seen });
        let (handshakes_failed, renewals_failed) = (AtomicU64::new(0), AtomicU64::new(0));
        let reminded = Mutex::new(None);
        Ok(Some(Self { files, watched, shown, reminded, acceptor, handshakes_failed, renewals_failed }))
    }

    /// The TLS handshake on a connection; `None` if it fails or exceeds the limit.
    pub async fn handshake<C>(&self, connection: C, limit: Duration) -> Option<TlsStream<C>>
    where
        C: AsyncRead + AsyncWrite + Unpin,
    {
        let stream = timeout(limit, self.acceptor.accept(connection)).await.ok().and_then(Result::ok);
        if stream.is_none() {
            self.handshakes_failed.fetch_add(1, Ordering::Relaxed);
        }
        stream
    }

    /// Reads both files again; open connections are not affected. Blocks while it reads.
    ///
    /// # Errors
    /// As [`Tls::open`]; the previous certificate then stays in use.
    pub fn renew(&self, now: Moment) -> Result<()> {
        let seen = self.files.look();
        self.watched().read = seen;
        let (key, until) = self.files.read(now).inspect_err(|_| {
            self.renewals_failed.fetch_add(1, Ordering::Relaxed);
        })?;
        *self.shown.0.writing() = (Arc::new(key), until);
        Ok(())
    }

    /// Reads both files again if they have changed and have stopped changing, since two files are replaced one after
    /// the other. Returns whether it read them. Blocks while it looks.
    ///
    /// # Errors
    /// As [`Tls::renew`]; once per change.
    pub fn renew_if_changed(&self, now: Moment) -> Result<bool> {
        let seen = self.files.look();
        {
            let mut watched = self.watched();
            let settled = watched.last == seen;
            let known = watched.read == seen;
            watched.last = seen;
            if known || !settled {
                return Ok(false);
            }
        }
        self.renew(now).map(|()| true)
    }

    /// Logs the result of a renewal.
    pub fn report(&self, outcome: Result<bool>) {
        match outcome {
            Ok(false) => {}
            Ok(true) => tracing::info!(until = date::text(self.until()), "the certificate was renewed"),
            Err(error) => {
                tracing::warn!(%error, "the new certificate was rejected; the previous one stays in use");
            }
        }
    }

    /// The warning due about the expiry of the served certificate: once a day, since the server keeps serving it after
    /// that date.
    pub fn ending(&self, now: Moment) -> Option<Expiry> {
        let until = self.until();
        if now.plus_secs(RENEWAL_SECS) < until {
            return None;
        }
        let mut reminded = self.reminded.hold();
        if reminded.is_some_and(|before| now < before.plus_secs(DAY_SECS)) {
            return None;
        }
        *reminded = Some(now);
        Some(if now > until { Expiry::Past } else { Expiry::Soon })
    }

    /// Logs that warning.
    pub fn remind(&self, now: Moment) {
        let until = date::text(self.until());
        match self.ending(now) {
            None => {}
            Some(Expiry::Soon) => {
                tracing::warn!(until, "the certificate expires soon; replace it with a renewed one")
            }
            Some(Expiry::Past) => {
                tracing::error!(
                    until,
                    "the certificate has expired, and clients reject it; replace it with a renewed one"
                );
            }
        }
    }

    /// When the served certificate expires.
    pub fn until(&self) -> Moment {
        self.shown.0.reading().1
    }

    /// Failed TLS handshakes since the start.
    pub fn handshakes_failed(&self) -> u64 {
        self.handshakes_failed.load(Ordering::Relaxed)
    }

    /// Failed renewals since the start.
    pub fn renewals_failed(&self) -> u64 {
        self.renewals_failed.load(Ordering::Relaxed)
    }

    fn watched(&self) -> std::sync::MutexGuard<'_, Watched> {
        self.watched.hold()
    }
}

fn files(config: &Config) -> Result<Option<Pair>> {
    let both = |cert: &PathBuf, key: &PathBuf| Pair { cert: cert.clone(), key: key.clone() };
    match (&config.tls_cert, &config.tls_key) {
        (None, None) => Ok(None),
        (Some(cert), Some(key)) => Ok(Some(both(cert, key))),
        (Some(_), None) => Err(Error::malformed("tls_key", "tls_cert is set, but tls_key is not; set both")),
        (None, Some(_)) => Err(Error::malformed("tls_cert", "tls_key is set, but tls_cert is not; set both")),
    }
}

fn acceptor(shown: Arc<Shown>) -> Result<TlsAcceptor, rustls::Error> {
    let mut config = ServerConfig::builder_with_provider(Arc::new(default_provider()))
        .with_safe_default_protocol_versions()?
        .with_no_client_auth()
        .with_cert_resolver(shown);
    config.alpn_protocols = vec![ALPN.to_vec()];
    Ok(TlsAcceptor::from(Arc::new(config)))
}

impl ResolvesServerCert for Shown {
    fn resolve(&self, _: ClientHello<'_>) -> Option<Arc<CertifiedKey>> {
        Some(self.0.reading().0.clone())
    }
}

impl fmt::Debug for Shown {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Shown")
    }
}
