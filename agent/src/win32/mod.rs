//! Win32 containers on Linux: what a plan asks for, as a sandbox with Wine in it, and programs of
//! Windows as commands in that sandbox.
//!
//! Everything here is pure. [`realise`] turns a plan into the parts of a sandbox's spec;
//! [`Program`] turns a program and its arguments into a command for the sandbox, and
//! [`split_command_line`] a command line as Windows writes it into those.

mod command_line;
mod drives;
mod program;
mod realise;
mod target;

pub use command_line::{CommandLineError, split_command_line};
pub use program::{Program, ProgramCommand, ProgramError};
pub use realise::{RealiseError, Realised, realise};
pub use target::{linux_target, windows_target};
