//! Serving all published ports of a sandbox.

use std::sync::Arc;

use rustix::process::{Resource, getrlimit};
use tokio::sync::Semaphore;
use tokio::task::JoinSet;

use super::listener::{Listener, Socket};
use super::pipes::Pipes;
use super::{Target, tcp, udp};

/// The most TCP connections of a sandbox at once.
const CONNECTIONS: usize = 4096;
/// The most clients of a UDP port at once.
const CLIENTS: usize = 1024;
/// Descriptors that are left for everything else that the process does.
const RESERVED: usize = 256;
/// How many descriptors a connection has at most: two sockets, and a pipe each way.
const PER_CONNECTION: usize = 6;

/// Passes connections to the published ports on into the sandbox, until the future is dropped,
/// which closes them all. Must be called within a [`tokio::task::LocalSet`].
///
/// There are at most 4,096 connections at once, or fewer where the process may not have that many
/// descriptors (six a connection). Further ones wait to be accepted.
pub async fn serve(listeners: Vec<Listener>, target: Target) {
    let descriptors = getrlimit(Resource::Nofile).current.unwrap_or(u64::MAX);
    let share = usize::try_from(descriptors)
        .unwrap_or(usize::MAX)
        .saturating_sub(RESERVED);
    // UDP gets a quarter of what there is.
    let is_udp = |listener: &&Listener| matches!(listener.socket, Socket::Udp(_));
    let udp_ports = listeners.iter().filter(is_udp).count();
    let clients = (share / 4 / udp_ports.max(1)).clamp(8, CLIENTS);
    let connections = (share / 4 * 3 / PER_CONNECTION).clamp(8, CONNECTIONS);
    // A listener holds a place while it waits for a connection.
    let tcp_ports = listeners.len() - udp_ports;
    let places = Arc::new(Semaphore::new(connections + tcp_ports));
    let pipes = Pipes::default();
    let mut ports = JoinSet::new();
    for listener in listeners {
        let (target, number) = (target.clone(), listener.port.container.port);
        match listener.socket {
            Socket::Tcp(socket) => {
                let (places, pipes) = (Arc::clone(&places), pipes.clone());
                ports.spawn_local(tcp::serve(socket, target, number, places, pipes));
            }
            Socket::Udp(socket) => {
                ports.spawn_local(udp::serve(socket, target, number, clients));
            }
        }
    }
    while let Some(ended) = ports.join_next().await {
        if let Ok(Err(error)) = ended {
            tracing::warn!(%error, "a published port is no longer served");
        }
    }
}
