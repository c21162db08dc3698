//! What a sandbox's program has put out, on disk.
//!
//! The supervisor writes and the engine reads, at the same time and without a lock: records are
//! appended whole, and a reader takes whole ones only. Two files of a fixed size at most are kept,
//! so that a program that floods its output fills no disk.

mod follow;
mod read;
mod record;
mod write;

pub(crate) use follow::read_log;
pub(crate) use write::LogWriter;

/// The file that is written.
const CURRENT: &str = "output.log";
/// The file before it.
const PREVIOUS: &str = "output.1.log";
/// The size, in bytes, at which a file is put away and the one before it is dropped.
const MAX_FILE: u64 = 32 * 1024 * 1024;
