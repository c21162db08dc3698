//! The network of sandboxes: addresses, links, and what of the host they may reach.
//!
//! A sandbox has a network namespace of its own. With [`NetworkMode::Open`] a veth pair joins it
//! to the host: the sandbox's end is `eth0`, the host's end is named after the instance and the
//! sandbox's index. The links are routed, not bridged: each has a network of two addresses, so
//! there is no limit on ports of a bridge and no neighbour to talk to.
//!
//! - [`plan`] says which addresses and names belong to an index; it does no I/O.
//! - [`attach`] and [`loopback_only`] set up one namespace; they are the part that is timed.
//! - [`HostNetwork`] holds what the host has once, however many sandboxes there are: an nft table
//!   whose rules match the links by their name's beginning, and the few sysctls that forwarding
//!   needs.
//! - [`resolver`] writes `/etc/resolv.conf` and `/etc/hosts` for the inside.
//!
//! Published ports are no part of this: they are forwarded by the `ports` module, and so work
//! without a link as well.
//!
//! [`NetworkMode::Open`]: ctnr_model::NetworkMode::Open

mod attach;
mod error;
mod host;
mod namespace;
mod netlink;
pub mod plan;
pub mod resolver;
mod sweep;

pub use attach::{attach, loopback_here, loopback_only};
pub use error::NetworkError;
pub use host::{Egress, HostNetwork};
pub use namespace::within;
pub use plan::{Block, Instance, LinkPlan};
pub use sweep::sweep;

#[cfg(test)]
#[cfg(feature = "system-tests")]
mod tests;
