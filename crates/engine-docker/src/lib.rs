//! Runs sandboxes through the API of Docker or Podman.
//!
//! [`DockerEngine`] speaks to the daemon on a Unix socket only: a socket on the network would hand
//! this host's containers to whoever reaches it. Every container that it makes carries the
//! sandbox's id and its [`Owner`] as labels, and it touches no container that carries neither.
//!
//! What the daemon can't do is absent from [`DockerEngine`]'s capabilities: its API moves and
//! removes no files, watches none, and publishes no ports of a sandbox without a network.
#![warn(missing_docs)]

mod connect;
mod create;
mod daemon;
mod delete;
mod engine;
mod exec;
mod exits;
mod failure;
mod files;
mod images;
mod inspect;
mod lock;
mod logs;
mod network;
mod owner;
mod ports;
mod raw;
mod sandboxes;
mod socket;
mod stats;
mod status;

pub use engine::{DockerEngine, Options};
pub use owner::Owner;
pub use socket::SocketSearch;
