//! TLS by rustls: the certificate that is shown, and how another one takes its place while connections go on.
//!
//! Deliberately absent: client certificates, HTTP/2, a certificate for each name, early data (it could be replayed).

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

/// The one protocol that is spoken inside (RFC 7301).
const ALPN: &[u8] = b"http/1.1";
/// Seconds before its end from which on a certificate is spoken of: two weeks.
pub const RENEWAL_SECS: u64 = 14 * DAY_SECS;
/// Seconds between two reminders.
const DAY_SECS: u64 = 86_400;

/// What is needed to speak TLS.
pub struct Tls {
    files: Pair,
    watched: Mutex<Watched>,
    shown: Arc<Shown>,
    /// When the log was told last that the certificate ends.
    reminded: Mutex<Option<Moment>>,
    acceptor: TlsAcceptor,
    handshakes_failed: AtomicU64,
    renewals_failed: AtomicU64,
}

/// The files as they were seen.
struct Watched {
    /// At the last look.
    last: Seen,
    /// When they were read last, whatever came of it.
    read: Seen,
}

/// What is to be said of a certificate that nobody renews.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Ending {
    /// It ends within [`RENEWAL_SECS`].
    Soon,
    /// It has ended: clients refuse it.
    Over,
}

/// The certificate that connections are shown from now on.
struct Shown(RwLock<(Arc<CertifiedKey>, Moment)>);

impl Tls {
    /// Reads the certificate and its key, if the configuration names some.
    ///
    /// # Errors
    /// `Malformed("tls_cert")` or `Malformed("tls_key")`, naming the file, what is wrong with it and what to do: it is
    /// not readable, empty, not PEM; the two do not belong together; the certificate is expired or not yet valid.
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

    /// Speaks TLS on a connection; `None` if the other end does not, or not in time.
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

    /// Reads both files again; connections that are open go on. Blocks while it reads.
    ///
    /// # Errors
    /// As [`Tls::open`]; then what was shown before is shown still.
    pub fn renew(&self, now: Moment) -> Result<()> {
        let seen = self.files.look();
        self.watched().read = seen;
        let (key, until) = self.files.read(now).inspect_err(|_| {
            self.renewals_failed.fetch_add(1, Ordering::Relaxed);
        })?;
        *self.shown.0.writing() = (Arc::new(key), until);
        Ok(())
    }

    /// Reads both files again if they have changed since, and have stopped changing: whoever replaces two files
    /// replaces one first. Whether they were read. Blocks while it looks.
    ///
    /// # Errors
    /// As [`Tls::renew`]; once for each change.
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

    /// Tells the log what came of a renewal.
    pub fn report(&self, outcome: Result<bool>) {
        match outcome {
            Ok(false) => {}
            Ok(true) => tracing::info!(until = date::text(self.until()), "the certificate was renewed"),
            Err(error) => {
                tracing::warn!(%error, "the new certificate is not used; the one before is still shown");
            }
        }
    }

    /// What the log is to be told of the end of the certificate that is shown: once a day, since a server goes on with
    /// it whatever the date.
    pub fn ending(&self, now: Moment) -> Option<Ending> {
        let until = self.until();
        if now.plus_secs(RENEWAL_SECS) < until {
            return None;
        }
        let mut reminded = self.reminded.hold();
        if reminded.is_some_and(|before| now < before.plus_secs(DAY_SECS)) {
            return None;
        }
        *reminded = Some(now);
        Some(if now > until { Ending::Over } else { Ending::Soon })
    }

    /// Tells the log of it.
    pub fn remind(&self, now: Moment) {
        let until = date::text(self.until());
        match self.ending(now) {
            None => {}
            Some(Ending::Soon) => {
                tracing::warn!(until, "the certificate ends soon: put a renewed one in its place")
            }
            Some(Ending::Over) => {
                tracing::error!(
                    until,
                    "the certificate has expired, and clients refuse it: put a renewed one in its place"
                );
            }
        }
    }

    /// Until when the certificate that is shown is valid.
    pub fn until(&self) -> Moment {
        self.shown.0.reading().1
    }

    /// Connections that did not come to speak TLS, since the start.
    pub fn handshakes_failed(&self) -> u64 {
        self.handshakes_failed.load(Ordering::Relaxed)
    }

    /// Certificates that were not taken over, since the start.
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
        (Some(_), None) => {
            Err(Error::malformed("tls_key", "tls_cert is set and tls_key is not: TLS needs both"))
        }
        (None, Some(_)) => {
            Err(Error::malformed("tls_cert", "tls_key is set and tls_cert is not: TLS needs both"))
        }
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
