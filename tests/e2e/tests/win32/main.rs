//! Win32 containers over the real runtime and the native engine, with programs that nobody here
//! wrote. At the end of each test nothing of its containers may be left.
#![cfg(feature = "system-tests")]
#![expect(clippy::unwrap_used, reason = "a test that can't be set up has failed")]

mod artifact;
mod artifact_registry;
mod capture;
mod disk;
mod folders;
mod grpc;
mod hostile_artifact;
mod input;
mod killed;
mod life;
mod trouble;
mod windows;
mod world;
