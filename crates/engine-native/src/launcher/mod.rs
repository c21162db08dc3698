//! The resident process that forks supervisors.
//!
//! It is this program again, started with nothing but a socket: it has one thread and little
//! memory, so a fork of it is cheap and safe, which one of the engine's process, with its runtime,
//! would not be. It ends when its engine does; the supervisors that it forked do not.

mod client;
mod process;
mod sealed;

pub(crate) use client::Launcher;
pub use process::launcher_main_if_asked;

/// The file in the data directory that launcher and supervisors write to where nobody else hears
/// them. Each holds a lock on it, which tells other engines that this one's sandboxes are there.
pub(crate) const LOG: &str = "launcher.log";

/// The name that tells the program that it is the launcher.
const NAME: &str = "ctnr-launcher";
