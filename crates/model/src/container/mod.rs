//! Win32 containers.

mod state;

pub use state::ContainerState;
