//! Small Debian systems by mmdebstrap, from the mirrors that this machine's apt uses.
//!
//! [`System`] says what is wanted and answers the arguments for mmdebstrap(1); whoever makes one
//! runs the program himself, since progress and cancelling are his. [`missing`] says which programs
//! this machine lacks for it.
#![warn(missing_docs)]

mod mirrors;
mod needs;
mod system;

pub use needs::{Need, missing};
pub use system::{Suite, System};

/// Why the mirrors of this machine are not known.
#[derive(Debug, thiserror::Error)]
pub enum DebianError {
    /// A program of apt did not start or failed.
    #[error("cannot ask apt for this machine's mirrors: `{command}` failed: {reason}")]
    Apt {
        /// What was run.
        command: String,
        /// What it or the system said.
        reason: String,
    },
}
