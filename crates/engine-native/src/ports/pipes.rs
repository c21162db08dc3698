//! Pipes that data passes through on its way from one socket to another.

use std::cell::RefCell;
use std::io;
use std::os::fd::OwnedFd;
use std::rc::Rc;

use rustix::pipe::{PipeFlags, fcntl_setpipe_size, pipe_with};

/// How many empty pipes are kept.
const KEPT: usize = 16;
/// The size of a pipe, in bytes: what is moved by one system call at most.
pub(super) const SIZE: usize = 256 * 1024;

/// A store of empty pipes, for one thread. A connection has a pipe only while it has data on the
/// way, so that thousands of idle ones cost neither descriptors nor the kernel's memory.
#[derive(Debug, Clone, Default)]
pub(super) struct Pipes(Rc<RefCell<Vec<Pipe>>>);

/// A pipe.
#[derive(Debug)]
pub(super) struct Pipe {
    pub(super) reader: OwnedFd,
    pub(super) writer: OwnedFd,
}

impl Pipes {
    pub(super) fn take(&self) -> io::Result<Pipe> {
        if let Some(pipe) = self.0.borrow_mut().pop() {
            return Ok(pipe);
        }
        let (reader, writer) = pipe_with(PipeFlags::CLOEXEC | PipeFlags::NONBLOCK)?;
        // A user's pipes may have so many pages in all; a small pipe is slower, no more.
        let _ = fcntl_setpipe_size(&writer, SIZE);
        Ok(Pipe { reader, writer })
    }

    /// Takes back a pipe that is empty.
    pub(super) fn put(&self, pipe: Pipe) {
        let mut kept = self.0.borrow_mut();
        if kept.len() < KEPT {
            kept.push(pipe);
        }
    }
}
