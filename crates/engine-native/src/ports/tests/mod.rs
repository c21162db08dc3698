//! Tests of whole published ports. A thread of the test makes the sockets that would be made
//! inside a sandbox, so no right is needed; with `system-tests`, inside a real namespace as well.

mod hostile;
#[cfg(feature = "system-tests")]
mod namespace;
mod tcp;
mod udp;
mod world;
