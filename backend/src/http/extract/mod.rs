//! What routes take out of requests, with errors in the one shape.

mod body;
mod params;
mod path;

pub(super) use body::{Body, OptionalBody};
pub(super) use params::Params;
pub(super) use path::{ContainerRef, ExecRef, PathText, SandboxRef};
