//! The HTTP client and whom it trusts.

use std::sync::Arc;
use std::time::Duration;

use reqwest::redirect::Policy;
use rustls::{ClientConfig, RootCertStore};

use super::endpoint::Endpoint;
use super::error::problem;
use crate::ImageError;

/// How often a registry may send a client on.
const REDIRECTIONS_MAX: usize = 5;
/// How long a connection may take to be made.
const CONNECT: Duration = Duration::from_secs(10);

/// A client for one registry. Compression of answers is off: blobs are hashed as they come.
pub(super) fn client(endpoint: &Endpoint) -> Result<reqwest::Client, ImageError> {
    let from = endpoint.clone();
    let policy = Policy::custom(move |attempt| {
        if attempt.previous().len() > REDIRECTIONS_MAX {
            attempt.error("it sends its clients on and on")
        } else if from.may_lead_to(attempt.url()) {
            attempt.follow()
        } else {
            attempt.error("it sends its clients to plain HTTP or to this host")
        }
    });
    let mut builder = reqwest::Client::builder()
        .user_agent(concat!("ctnr/", env!("CARGO_PKG_VERSION")))
        .connect_timeout(CONNECT)
        .redirect(policy)
        .tls_backend_preconfigured(tls(endpoint)?);
    if endpoint.is_local {
        builder = builder.no_proxy();
    }
    builder
        .build()
        .map_err(|error| problem(endpoint, format!("no HTTP client could be made: {error}")))
}

/// Trusts whom this machine trusts. A registry on this machine is spoken to in plain HTTP, so that
/// it needs no certificates to be installed.
fn tls(endpoint: &Endpoint) -> Result<ClientConfig, ImageError> {
    let mut roots = RootCertStore::empty();
    let found = rustls_native_certs::load_native_certs();
    roots.add_parsable_certificates(found.certs);
    if roots.is_empty() && !endpoint.is_local {
        let advice = "this machine has no certificates to check registries with: install the package ca-certificates";
        return Err(problem(endpoint, advice));
    }
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let config = ClientConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .map_err(|error| problem(endpoint, format!("TLS can't be used: {error}")))?;
    Ok(config.with_root_certificates(roots).with_no_client_auth())
}
