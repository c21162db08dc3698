//! Programs of Windows in containers, with the real runtime on the native engine, as root.
//! `cargo xtask test` turns the feature on, makes the runtime and fetches the programs.
#![cfg(feature = "system-tests")]

mod life;
mod programs;
mod world;
