//! Published ports: sockets of the host whose connections end inside a sandbox.
//!
//! The supervisor listens on the host and forwards each connection to a socket of its own that
//! was made inside the sandbox's network namespace. So a published port needs no rule, no address
//! translation and no link, works for an ordinary user as for root, and answers on IPv4 and IPv6
//! whatever the program inside listens on.
//!
//! ```text
//!  client ──▶ Listener (host) ──▶ relay (splice) ──▶ Target's socket (sandbox) ──▶ program
//! ```
//!
//! A program that listens on its loopback only is reached as well: publishing a port means that
//! it is wanted, and most development servers listen nowhere else.

mod bind;
mod error;
mod listener;
mod opener;
mod pipes;
mod relay;
mod serve;
mod target;
mod tcp;
mod udp;

pub use bind::bind;
pub use error::PortError;
pub use listener::{Listener, published};
pub use opener::{SocketOpener, serve_opener};
pub use serve::serve;
pub use target::Target;

#[cfg(test)]
mod tests;
