//! What can go wrong with the network of a sandbox.

use std::io;
use std::path::PathBuf;

/// The network could not be set up or taken down.
#[derive(Debug, thiserror::Error)]
pub enum NetworkError {
    /// A text is not a block of addresses.
    #[error(
        "invalid network block {text:?}: expected a private IPv4 network of size 16, such as 10.201.0.0/16"
    )]
    InvalidBlock {
        /// What was given.
        text: String,
    },
    /// The instance has no more links.
    #[error("no network address for sandbox index {index}: an instance has 32,768")]
    IndexOutOfRange {
        /// The index.
        index: u32,
    },
    /// Every block that could be taken is in use on this host.
    #[error(
        "no free network for sandboxes: {reason}; name a private network of size 16 that is not in use"
    )]
    NoFreeBlock {
        /// What is in the way.
        reason: String,
    },
    /// A request to the kernel's routing interface was refused.
    #[error("{what} for {link}: {source}")]
    Netlink {
        /// What was being done.
        what: &'static str,
        /// The link's name on the host, or `lo`.
        link: String,
        /// The kernel's answer.
        source: io::Error,
    },
    /// A network namespace could not be entered.
    #[error("entering the sandbox's network namespace: {0}")]
    Namespace(io::Error),
    /// A program that sets up the host's packet filter is missing.
    #[error(
        "sandboxes can't reach the network: {program} is not installed; install the package {package} (on Debian: apt-get install {package})"
    )]
    ProgramMissing {
        /// The program.
        program: &'static str,
        /// The package that has it.
        package: &'static str,
    },
    /// The packet filter refused the rules.
    #[error("{program} refused the rules for sandboxes: {message}")]
    Filter {
        /// The program.
        program: &'static str,
        /// What it wrote to its standard error.
        message: String,
    },
    /// The process may not change the host's network.
    #[error(
        "sandboxes can't reach the network: changing the host's network needs root (CAP_NET_ADMIN); published ports work without it"
    )]
    NotPermitted,
    /// A file could not be read or written.
    #[error("{what} {path}: {source}")]
    File {
        /// What was being done.
        what: &'static str,
        /// The file.
        path: PathBuf,
        /// Why it failed.
        source: io::Error,
    },
    /// The record of what was changed on the host can't be understood.
    #[error(
        "the record of network changes {path} is damaged ({reason}); restart the host, which undoes them, and remove the file"
    )]
    Record {
        /// The file.
        path: PathBuf,
        /// What is wrong with it.
        reason: String,
    },
}
