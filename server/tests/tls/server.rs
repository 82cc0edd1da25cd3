//! A server with TLS in this process, and a client of rustls.

use std::path::Path;
use std::sync::Arc;

use exeunt::app::App;
use exeunt::config::{Config, Limits};
use exeunt::env::Env;
use exeunt::serve::{self, Running};
use exeunt::store::Incarnation;
use exeunt::store::memory::MemoryStore;
use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio_rustls::TlsConnector;
use tokio_rustls::client::TlsStream;
use tokio_rustls::rustls::crypto::ring::default_provider;
use tokio_rustls::rustls::pki_types::{CertificateDer, ServerName, pem::PemObject};
use tokio_rustls::rustls::{ClientConfig, RootCertStore};

use crate::support::pair::Pair;

/// A request that leaves the connection open.
pub(crate) const PING: &str = "GET /healthz HTTP/1.1\r\nHost: localhost\r\n\r\n";

/// The configuration of a server that shows this certificate.
pub(crate) fn config(pair: &Pair, limits: Limits) -> Config {
    let (tls_cert, tls_key) = (Some(pair.cert.clone()), Some(pair.key.clone()));
    Config { tls_cert, tls_key, limits, ..Config::default() }
}

/// Starts it without its background work.
pub(crate) async fn start(config: Config) -> (App, Running) {
    let store = Arc::new(MemoryStore::new(Incarnation([1; 16])));
    let app = App::open(config, Env::system(), store, false).await.unwrap();
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let running = serve::start_with(app.clone(), listener, None, &[]).unwrap();
    (app, running)
}

/// A client that trusts this certificate alone.
pub(crate) fn connector(cert: &Path) -> TlsConnector {
    let mut roots = RootCertStore::empty();
    roots.add(CertificateDer::from_pem_file(cert).unwrap()).unwrap();
    let config = ClientConfig::builder_with_provider(Arc::new(default_provider()))
        .with_safe_default_protocol_versions()
        .unwrap()
        .with_root_certificates(roots)
        .with_no_client_auth();
    TlsConnector::from(Arc::new(config))
}

/// Speaks TLS to the server, or fails where it shows another certificate.
pub(crate) async fn connect(running: &Running, cert: &Path) -> std::io::Result<TlsStream<TcpStream>> {
    secure(TcpStream::connect(running.address).await.unwrap(), cert).await
}

/// Speaks TLS on a connection.
pub(crate) async fn secure<C>(connection: C, cert: &Path) -> std::io::Result<TlsStream<C>>
where
    C: AsyncRead + AsyncWrite + Unpin,
{
    connector(cert).connect(ServerName::try_from("localhost").unwrap(), connection).await
}

/// Whether a connection answers.
pub(crate) async fn answers(stream: &mut TlsStream<TcpStream>) -> bool {
    stream.write_all(PING.as_bytes()).await.unwrap();
    let mut answer = Vec::new();
    while !answer.ends_with(b"}") {
        if stream.read_buf(&mut answer).await.unwrap_or(0) == 0 {
            return false;
        }
    }
    answer.starts_with(b"HTTP/1.1 200 OK\r\n")
}
