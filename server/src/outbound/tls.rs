//! TLS to the server: verifies its name, with the system's authorities or those from a file.

use std::path::Path;
use std::sync::Arc;

use tokio::net::TcpStream;
use tokio_rustls::TlsConnector;
use tokio_rustls::client::TlsStream;
use tokio_rustls::rustls::pki_types::pem::PemObject;
use tokio_rustls::rustls::pki_types::{CertificateDer, ServerName};
use tokio_rustls::rustls::{ClientConfig, RootCertStore, crypto};

use super::Fault;

/// Makes a TLS connection to `host`, verified with the system's authorities or those in the file.
///
/// # Errors
/// [`Fault::Invalid`] for a file without certificates; [`Fault::Untrusted`] if the verification fails.
pub(super) async fn over(
    stream: TcpStream,
    host: &str,
    authorities: Option<&Path>,
) -> Result<TlsStream<TcpStream>, Fault> {
    let config = ClientConfig::builder_with_provider(Arc::new(crypto::ring::default_provider()))
        .with_safe_default_protocol_versions()
        .map_err(|error| Fault::Untrusted(error.to_string()))?
        .with_root_certificates(trusted(authorities)?)
        .with_no_client_auth();
    let name = ServerName::try_from(host.to_owned());
    let name =
        name.map_err(|_| Fault::Invalid(format!("{host} is not a name that a certificate can have")))?;
    TlsConnector::from(Arc::new(config))
        .connect(name, stream)
        .await
        .map_err(|error| Fault::Untrusted(format!("{host}: {error}")))
}

fn trusted(file: Option<&Path>) -> Result<RootCertStore, Fault> {
    let mut trusted = RootCertStore::empty();
    // Unreadable certificates of the system are skipped: some systems have odd ones.
    trusted.add_parsable_certificates(rustls_native_certs::load_native_certs().certs);
    let Some(file) = file else { return Ok(trusted) };
    let about = |what: String| Fault::Invalid(format!("{}: {what}", file.display()));
    let mut count = 0;
    let given = CertificateDer::pem_file_iter(file).map_err(|error| about(error.to_string()))?;
    for certificate in given {
        let certificate = certificate.map_err(|error| about(error.to_string()))?;
        trusted.add(certificate).map_err(|error| about(error.to_string()))?;
        count += 1;
    }
    if count == 0 { Err(about("it contains no certificate in PEM form".to_owned())) } else { Ok(trusted) }
}
