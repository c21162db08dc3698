//! TLS for backends behind an https proxy.

use std::sync::Arc;

use rustls::{ClientConfig, RootCertStore};

use crate::{Address, ClientError, Result};

/// The settings of TLS: ring, and the certificates that the system trusts (with
/// `SSL_CERT_FILE` and `SSL_CERT_DIR` as OpenSSL has them). They are read for https alone, since
/// that takes some milliseconds.
pub(crate) fn config(address: &Address) -> Result<ClientConfig> {
    let mut roots = RootCertStore::empty();
    if address.is_tls() {
        let found = rustls_native_certs::load_native_certs();
        roots.add_parsable_certificates(found.certs);
        if roots.is_empty() {
            return Err(ClientError::Setup(
                "the system has no trusted certificates for https; install ca-certificates, or set SSL_CERT_FILE"
                    .to_owned(),
            ));
        }
    }
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let config = ClientConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .map_err(|error| ClientError::Setup(error.to_string()))?
        .with_root_certificates(roots)
        .with_no_client_auth();
    Ok(config)
}
