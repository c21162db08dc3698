//! Win32 containers over the engine in memory.

mod create;
mod kill;
mod layers;
mod life;
mod snapshots;
