//! TLS to the server: verifies its name, with the system's authorities or those from a file.

use std::path::Path;
use std::sync::Arc;

use tokio::net::TcpStream;
use tokio_rustls::TlsConnector;
use tokio_rustls::client::TlsStream;
use tokio_rustls::rustls::pki_types::pem::PemObject;
use tokio_rustls::rustls::pki_types::{CertificateDer, ServerName};
use tokio_rustls::rustls::{ClientConfig, RootCertStore, crypto};

use crate::cli::exit::{Exit, Failure, Outcome};

/// Makes a TLS connection to `host`, verified with the system's authorities or those in the file.
///
/// # Errors
/// `Usage` for a file without certificates; `Failed` if the verification fails.
pub(super) async fn over(
    stream: TcpStream,
    host: &str,
    authorities: Option<&Path>,
) -> Outcome<TlsStream<TcpStream>> {
    let config = ClientConfig::builder_with_provider(Arc::new(crypto::ring::default_provider()))
        .with_safe_default_protocol_versions()
        .map_err(|error| Failure::new(Exit::Failed, error.to_string()))?
        .with_root_certificates(trusted(authorities)?)
        .with_no_client_auth();
    let name = ServerName::try_from(host.to_owned());
    let name =
        name.map_err(|_| Failure::usage(format!("{host} is not a name that a certificate can have")))?;
    TlsConnector::from(Arc::new(config))
        .connect(name, stream)
        .await
        .map_err(|error| Failure::new(Exit::Failed, format!("{host}: {error}. {}", advice(&error))))
}

fn advice(error: &std::io::Error) -> &'static str {
    // `openssl req -x509` makes such certificates by default; not all clients accept them.
    if error.to_string().contains("CaUsedAsEndEntity") {
        return "Its certificate is that of a certificate authority; create it again with \
                basicConstraints=CA:FALSE";
    }
    "If its certificate is from a private certificate authority, give that with --ca-file"
}

fn trusted(file: Option<&Path>) -> Outcome<RootCertStore> {
    let mut trusted = RootCertStore::empty();
    // Unreadable certificates of the system are skipped: some systems have odd ones.
    trusted.add_parsable_certificates(rustls_native_certs::load_native_certs().certs);
    let Some(file) = file else { return Ok(trusted) };
    let about = |what: String| Failure::usage(format!("{}: {what}", file.display()));
    let mut count = 0;
    let given = CertificateDer::pem_file_iter(file).map_err(|error| about(error.to_string()))?;
    for certificate in given {
        let certificate = certificate.map_err(|error| about(error.to_string()))?;
        trusted.add(certificate).map_err(|error| about(error.to_string()))?;
        count += 1;
    }
    if count == 0 { Err(about("it contains no certificate in PEM form".to_owned())) } else { Ok(trusted) }
}
