//! The native engine: Linux namespaces, overlayfs, cgroups and seccomp, without a daemon.
#![cfg(target_os = "linux")]

pub mod network;
pub mod ports;
pub mod seccomp;
