//! Registries (OCI distribution specification): pulling images.
//!
//! A registry is hostile like an image. Documents are capped before they are read, blobs are
//! hashed while they come, nothing waits for ever, and a redirection leads neither to plain HTTP
//! nor into this host.

mod challenge;
mod client;
mod credentials;
mod download;
mod endpoint;
mod error;
mod pull;
mod tls;

pub use credentials::Credentials;
pub use pull::PullOptions;
