//! TLS to the server: whom it must prove to be, and who may vouch for it.

use std::path::Path;
use std::sync::Arc;

use tokio::net::TcpStream;
use tokio_rustls::TlsConnector;
use tokio_rustls::client::TlsStream;
use tokio_rustls::rustls::pki_types::pem::PemObject;
use tokio_rustls::rustls::pki_types::{CertificateDer, ServerName};
use tokio_rustls::rustls::{ClientConfig, RootCertStore, crypto};

use crate::cli::exit::{Exit, Failure, Outcome};

/// A connection on which the server has proved to be `host`, by the system's authorities or those in the file.
///
/// # Errors
/// `Usage` for a file without certificates; `Failed` where the proof does not hold.
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
    let name = name.map_err(|_| Failure::usage(format!("{host} is no name that a certificate can have")))?;
    TlsConnector::from(Arc::new(config))
        .connect(name, stream)
        .await
        .map_err(|error| Failure::new(Exit::Failed, format!("{host}: {error}. {}", advice(&error))))
}

fn advice(error: &std::io::Error) -> &'static str {
    // As `openssl req -x509` makes them unless told otherwise: clients differ in whether they take that.
    if error.to_string().contains("CaUsedAsEndEntity") {
        return "Its certificate says that it is an authority itself: make it anew with basicConstraints=CA:FALSE";
    }
    "If its certificate is from an authority of your own, name that with --ca-file"
}

fn trusted(file: Option<&Path>) -> Outcome<RootCertStore> {
    let mut trusted = RootCertStore::empty();
    // Of the system's certificates those that cannot be read are passed over: some are always odd.
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
    if count == 0 { Err(about("there is no certificate in it (PEM)".to_owned())) } else { Ok(trusted) }
}
