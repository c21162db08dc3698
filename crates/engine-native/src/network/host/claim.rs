//! Telling a living engine's share of the host's network from a dead one's.
//!
//! An engine that was killed, and whose data directory was deleted, leaves its table behind. The
//! next engine takes it over, if it can be sure that nobody is there any more: a living one listens
//! at a socket with an abstract name (`unix(7)`), which goes with its process.

use std::io;
use std::os::linux::net::SocketAddrExt;
use std::os::unix::net::{SocketAddr, UnixListener};
use std::sync::{Arc, Mutex, PoisonError};

use crate::network::plan::Instance;

/// The share that this process says it uses. Clones say it together.
#[derive(Debug, Clone, Default)]
pub(super) struct Claim(Arc<Mutex<Option<(Instance, UnixListener)>>>);

impl Claim {
    /// Says that this process uses an instance, and no other one. Returns whether it may: not if
    /// another process says the same.
    pub(super) fn take(&self, instance: Instance) -> bool {
        let mut held = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if held
            .as_ref()
            .is_some_and(|(known, _)| known.number() == instance.number())
        {
            return true;
        }
        match listen(instance) {
            Ok(listener) => {
                *held = Some((instance, listener));
                true
            }
            Err(_) => false,
        }
    }

    /// Whether no process says that it uses an instance.
    pub(super) fn is_free(instance: Instance) -> bool {
        listen(instance).is_ok()
    }

    /// Says that this process uses none.
    pub(super) fn release(&self) {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).take();
    }
}

fn listen(instance: Instance) -> io::Result<UnixListener> {
    let name = format!("ctnr-network/{}", instance.table());
    UnixListener::bind_addr(&SocketAddr::from_abstract_name(name)?)
}
