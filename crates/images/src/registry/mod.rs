//! Registries (OCI distribution specification): pulling images, and artifacts both ways.
//!
//! A registry is hostile like an image. Documents are capped before they are read, blobs are
//! hashed while they come, nothing waits for ever, and a redirection leads neither to plain HTTP
//! nor into this host.

mod artifact;
mod challenge;
mod client;
mod credentials;
mod download;
mod endpoint;
mod error;
mod pull;
mod send;
mod tls;

pub use artifact::{ArtifactOptions, ArtifactPush, RemoteArtifact};
pub use credentials::Credentials;
pub use pull::PullOptions;
