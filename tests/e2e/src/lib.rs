//! What the end-to-end tests are written with: a backend of one's own, a client that sees what
//! `curl` sees, images built by hand, and looks at the host.
//!
//! Nothing here knows the product's code: only its binaries, its routes and what it leaves on the
//! host.
#![warn(missing_docs)]
#![expect(
    clippy::expect_used,
    clippy::print_stderr,
    reason = "a test that can't be set up has failed, and says why on standard error"
)]

mod answer;
mod api;
mod backend;
mod bystander;
mod command;
mod disk;
mod engine;
mod image;
mod listener;
mod netns;
mod owned;
mod probe;
mod program;
mod sandbox;
mod screen;
mod tarball;
mod wait;

pub use answer::Answer;
pub use api::Api;
pub use backend::{Backend, Builder};
pub use bystander::Bystander;
pub use command::{Ran, run, run_with, sh};
pub use disk::SmallDisk;
pub use engine::Engine;
pub use image::{Image, busybox};
pub use listener::{Listener, fetch};
pub use netns::Netns;
pub use owned::{Owned, processes_of};
pub use probe::{with_probe, with_socket32};
pub use program::{built, launcher_of};
pub use sandbox::{Exec, Sandbox};
pub use screen::{Picture, Viewer};
pub use tarball::{Item, tar};
pub use wait::{PATIENCE, eventually, eventually_within};
