//! The files of a sandbox.
//!
//! A process of ctnr's own is forked into the sandbox's mounts, with the rights of its root user
//! and no more, and does what is asked there: so a path of the sandbox is resolved where a program
//! in the sandbox would resolve it, and whatever it leads to, it is the sandbox's. The process runs
//! nothing of the sandbox's (CVE-2019-14271) and can't be seen from inside. It serves one request.
//!
//! Contents don't pass through it where they need not: the file's own descriptor is handed over.

mod archive;
mod client;
mod failure;
mod info;
mod protocol;
mod server;
mod watch;
mod write;

pub(crate) use client::NativeFiles;
pub(crate) use protocol::Owners;
pub(crate) use server::{refuse, serve};
