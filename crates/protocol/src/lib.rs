//! `containers.v1`: the messages of the gRPC API, and the server's and the client's side of its
//! service.
//!
//! All of it is made from `proto/containers.proto` and checked in, so that neither a build nor a
//! developer needs protoc. `cargo xtask generate` makes it anew, and `cargo xtask check` refuses what
//! is stale.

/// The package `containers.v1`.
#[expect(
    missing_docs,
    unused_qualifications,
    clippy::allow_attributes,
    clippy::allow_attributes_without_reason,
    reason = "nobody wrote it by hand"
)]
pub mod v1 {
    include!("generated/containers.v1.rs");
}

/// What describes the package, as an encoded `google.protobuf.FileDescriptorSet`: what server
/// reflection answers from.
pub const DESCRIPTORS: &[u8] = include_bytes!("generated/containers.v1.bin");
