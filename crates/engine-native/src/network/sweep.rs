//! Removing links off the hot path.
//!
//! A link goes by itself, some milliseconds after the last process and descriptor that held the
//! sandbox's network namespace: the kernel tears down all namespaces that died meanwhile in one
//! go. Deleting a link by hand would take 20 ms of the caller's time each, so nobody does on the
//! usual path. What a crash or a held namespace leaves behind is deleted here, as one group.

use std::collections::HashSet;

use super::NetworkError;
use super::netlink::{Batch, Refused, Socket};
use super::plan::Instance;

/// The group that links are put into to be deleted together: "ctnr" in ASCII.
const GROUP: u32 = 0x6374_6e72;

/// Deletes the links of an instance whose index is not in `known`, and returns their indexes.
///
/// For start-up: it ends the connections of the sandboxes it takes the links from.
///
/// # Errors
/// [`NetworkError::Netlink`] when the kernel refuses.
pub fn sweep(instance: Instance, known: &HashSet<u32>) -> Result<Vec<u32>, NetworkError> {
    let refused = |error: Refused| NetworkError::Netlink {
        what: error.what,
        link: instance.link_prefix() + "*",
        source: error.source,
    };
    let socket = Socket::open().map_err(|source| {
        refused(Refused {
            what: "opening a netlink socket",
            source,
        })
    })?;
    let mut removed = Vec::new();
    let mut numbers = Vec::new();
    for link in socket.links().map_err(refused)? {
        if let Some(index) = instance.index_of(&link.name)
            && !known.contains(&index)
        {
            removed.push(index);
            numbers.push(link.ifindex);
        }
    }
    // A message of this many requests stays far below the size of the socket's buffer.
    for numbers in numbers.chunks(1000) {
        let mut batch = Batch::new();
        numbers
            .iter()
            .for_each(|ifindex| batch.move_to_group(*ifindex, GROUP));
        batch.delete_group(GROUP);
        socket.apply(batch).map_err(refused)?;
    }
    Ok(removed)
}
