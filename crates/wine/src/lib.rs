//! The Wine runtime of Win32 containers: an image with Wine for 64- and 32-bit programs, fonts, a
//! display server, and the template of the prefix that every container begins with.
//!
//! - [`layout`] says where what is inside, for those who run programs in it;
//! - [`display`] is what shows windows;
//! - [`recipe`] says what the image is made of, and its digest;
//! - [`build`] makes it: [`Runtime`] is the result, which writes itself as an archive.
//!
//! The template is made once, by Wine itself, and its files are hard links to Wine's own. A new
//! container copies nothing of it: the image is the lower side of its overlay.
#![warn(missing_docs)]

mod build;
pub mod display;
mod error;
pub mod layout;
pub mod recipe;

pub use build::{Flow, Progress, ProgressSink, Runtime, Stage, build, missing};
pub use ctnr_images::Compression;
pub use error::BuildError;
