//! The last steps before a program runs.
#![expect(
    unsafe_code,
    reason = "execve, signal and descriptor calls on raw values"
)]

use std::convert::Infallible;
use std::ffi::{CString, NulError};
use std::io;
use std::os::fd::{AsRawFd, BorrowedFd};

use ctnr_model::EnvVar;

/// A command with all its texts ready for `execve(2)`.
pub(crate) struct PreparedCommand {
    program: String,
    candidates: Vec<CString>,
    args: Vec<CString>,
    env: Vec<CString>,
}

/// Why a command could not be executed.
#[derive(Debug)]
pub(crate) enum ExecFailure {
    /// There is no such program.
    NotFound(String),
    /// There is, and it can't be executed.
    NotExecutable(String, io::Error),
}

impl PreparedCommand {
    /// Prepares a command. A program without a slash is looked for in the `PATH` of `env`, as
    /// `execvp(3)` does; a relative one with a slash is meant from the working directory.
    pub(crate) fn new(args: &[String], env: &[EnvVar]) -> Result<Self, NulError> {
        let program = args.first().cloned().unwrap_or_default();
        let path = env
            .iter()
            .find(|var| var.name() == "PATH")
            .map_or("", |var| var.value());
        let candidates = if program.contains('/') {
            vec![CString::new(program.as_str())?]
        } else {
            path.split(':')
                .map(|dir| if dir.is_empty() { "." } else { dir })
                .map(|dir| CString::new(format!("{dir}/{program}")))
                .collect::<Result<_, _>>()?
        };
        let c_strings = |texts: Vec<String>| {
            texts
                .into_iter()
                .map(CString::new)
                .collect::<Result<Vec<_>, _>>()
        };
        Ok(Self {
            program,
            candidates,
            args: c_strings(args.to_vec())?,
            env: c_strings(env.iter().map(ToString::to_string).collect())?,
        })
    }

    /// Gives the process its standard streams and signals, and executes the program.
    ///
    /// Every other descriptor is closed by the execution itself.
    pub(crate) fn execute(self, stdio: [BorrowedFd<'_>; 3]) -> Result<Infallible, ExecFailure> {
        let fail = |error| ExecFailure::NotExecutable(self.program.clone(), error);
        set_standard_streams(stdio).map_err(fail)?;
        reset_signals().map_err(fail)?;
        let pointers = |texts: &[CString]| {
            let mut pointers: Vec<_> = texts.iter().map(|text| text.as_ptr()).collect();
            pointers.push(std::ptr::null());
            pointers
        };
        let (args, env) = (pointers(&self.args), pointers(&self.env));
        let mut denied = None;
        for candidate in &self.candidates {
            // SAFETY: all texts end in NUL, both lists in a null pointer, and all outlive the call.
            unsafe { libc::execve(candidate.as_ptr(), args.as_ptr(), env.as_ptr()) };
            let error = io::Error::last_os_error();
            match error.raw_os_error() {
                Some(libc::ENOENT | libc::ENOTDIR) => {}
                Some(libc::EACCES) => denied = Some(error),
                _ => return Err(ExecFailure::NotExecutable(self.program, error)),
            }
        }
        match denied {
            Some(error) => Err(ExecFailure::NotExecutable(self.program, error)),
            None => Err(ExecFailure::NotFound(self.program)),
        }
    }
}

/// Puts the three streams on descriptors 0, 1 and 2.
fn set_standard_streams(stdio: [BorrowedFd<'_>; 3]) -> io::Result<()> {
    // First out of the way of 0 to 2, so that no stream is overwritten before it is copied.
    let mut high = [-1; 3];
    for (slot, fd) in high.iter_mut().zip(stdio) {
        // SAFETY: it duplicates an open descriptor.
        *slot = unsafe { libc::fcntl(fd.as_raw_fd(), libc::F_DUPFD_CLOEXEC, 3) };
        if *slot < 0 {
            return Err(io::Error::last_os_error());
        }
    }
    for (target, source) in (0..).zip(high) {
        // SAFETY: `source` was opened above; what stood at `target` is not used any more.
        if unsafe { libc::dup2(source, target) } < 0 {
            return Err(io::Error::last_os_error());
        }
    }
    close_other_descriptors()
}

/// Has every descriptor but the standard streams closed by the next execution.
fn close_other_descriptors() -> io::Result<()> {
    // SAFETY: it only sets a flag on descriptors.
    let result = unsafe {
        libc::syscall(
            libc::SYS_close_range,
            3,
            libc::c_uint::MAX,
            libc::CLOSE_RANGE_CLOEXEC,
        )
    };
    if result < 0 {
        Err(io::Error::last_os_error())
    } else {
        Ok(())
    }
}

/// Closes every descriptor but these and the standard streams, in a forked process that goes on
/// with its parent's code: it must not keep the parent's sockets and pipes open.
pub(crate) fn close_all_but(kept: &[BorrowedFd<'_>]) -> io::Result<()> {
    let mut kept: Vec<libc::c_uint> = kept
        .iter()
        .filter_map(|fd| libc::c_uint::try_from(fd.as_raw_fd()).ok())
        .collect();
    kept.sort_unstable();
    let mut first = 3;
    for last in kept.into_iter().map(Some).chain([None]) {
        let end = last.map_or(libc::c_uint::MAX, |last| last.saturating_sub(1));
        if first <= end {
            // SAFETY: what is closed belongs to the parent's code, which this process has left.
            let result = unsafe { libc::syscall(libc::SYS_close_range, first, end, 0) };
            if result < 0 {
                return Err(io::Error::last_os_error());
            }
        }
        first = last.map_or(first, |last| last + 1).max(3);
    }
    Ok(())
}

/// Closes every descriptor of a process that is about to do nothing but wait and leave.
pub(super) fn close_all_descriptors() -> io::Result<()> {
    // SAFETY: the caller uses no descriptor any more, and leaves without running destructors.
    let result = unsafe { libc::syscall(libc::SYS_close_range, 0, libc::c_uint::MAX, 0) };
    if result < 0 {
        Err(io::Error::last_os_error())
    } else {
        Ok(())
    }
}

/// Sets every signal to its default and unblocks all: Rust programs ignore SIGPIPE, and a
/// program in a sandbox must not inherit that.
fn reset_signals() -> io::Result<()> {
    for signal in 1..=libc::SIGRTMAX() {
        if matches!(signal, libc::SIGKILL | libc::SIGSTOP | 32 | 33) {
            continue;
        }
        // SAFETY: the default disposition runs no code of this process.
        if unsafe { libc::signal(signal, libc::SIG_DFL) } == libc::SIG_ERR {
            return Err(io::Error::last_os_error());
        }
    }
    // SAFETY: an all-zero set is a valid, empty one, and the call reads it only.
    let result = unsafe {
        let empty: libc::sigset_t = std::mem::zeroed();
        libc::sigprocmask(libc::SIG_SETMASK, &empty, std::ptr::null_mut())
    };
    if result < 0 {
        Err(io::Error::last_os_error())
    } else {
        Ok(())
    }
}
