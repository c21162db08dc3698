//! What an installer is, and what it has left in a container.
//!
//! ```text
//!  bytes of a file ──▶ InstallerKind ──▶ the arguments that make it ask nothing
//!  registry before ─┐
//!  registry after  ─┴▶ Delta (noise left out) ──▶ .reg, another registry, product, file types
//!  bytes of a .lnk ──▶ Shortcut
//! ```
//!
//! It is pure: no I/O, no clock. What it reads is hostile and may be anything; nothing panics.
#![warn(missing_docs)]

mod installer;
mod product;
pub mod registry;
mod shortcut;

pub use installer::{InstallerKind, Sniffer};
pub use product::{Association, Product, app_paths, associations, products};
pub use shortcut::Shortcut;
