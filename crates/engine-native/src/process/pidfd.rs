//! A process that can't be mistaken for another that gets its number later.

use std::fs;
use std::io;
use std::os::fd::{AsFd, AsRawFd, BorrowedFd, OwnedFd, RawFd};
use std::time::Duration;

use rustix::process::{Pid, PidfdFlags, Signal, pidfd_open, pidfd_send_signal};

/// A process by number and descriptor (`pidfd_open(2)`).
#[derive(Debug)]
pub(crate) struct PidFd {
    pid: Pid,
    fd: OwnedFd,
}

impl PidFd {
    /// Joins what `clone3` gave.
    pub(super) fn new(pid: Pid, fd: OwnedFd) -> Self {
        Self { pid, fd }
    }

    /// Opens a process, where it is still the one that started at `started` ticks after boot.
    pub(crate) fn open(pid: u32, started: u64) -> io::Result<Self> {
        let gone = || io::Error::from(io::ErrorKind::NotFound);
        let pid = i32::try_from(pid)
            .ok()
            .and_then(Pid::from_raw)
            .ok_or_else(gone)?;
        let fd = pidfd_open(pid, PidfdFlags::empty())?;
        if start_time(pid.as_raw_nonzero().get().unsigned_abs())? != started {
            return Err(gone());
        }
        Ok(Self { pid, fd })
    }

    /// The process's number.
    pub(crate) fn pid(&self) -> u32 {
        self.pid.as_raw_nonzero().get().unsigned_abs()
    }

    /// The process by its number alone.
    pub(super) fn into_pid(self) -> Pid {
        self.pid
    }

    /// Sends a signal by number; a process that has ended is no error.
    pub(crate) fn signal(&self, signal: i32) -> io::Result<()> {
        let Some(signal) = signal_from_raw(signal) else {
            return Err(io::Error::new(
                io::ErrorKind::InvalidInput,
                "no such signal",
            ));
        };
        match pidfd_send_signal(&self.fd, signal) {
            Ok(()) | Err(rustix::io::Errno::SRCH) => Ok(()),
            Err(errno) => Err(errno.into()),
        }
    }

    /// Kills the process.
    pub(crate) fn kill(&self) -> io::Result<()> {
        self.signal(libc::SIGKILL)
    }

    /// Whether the process has ended.
    pub(crate) fn has_ended(&self) -> bool {
        self.ends_within(Duration::ZERO)
    }

    /// Whether the process ends before `limit` is over, as a poll of its descriptor tells.
    pub(crate) fn ends_within(&self, limit: Duration) -> bool {
        use rustix::event::{PollFd, PollFlags, Timespec, poll};
        let limit = Timespec::try_from(limit).unwrap_or_default();
        poll(&mut [PollFd::new(&self.fd, PollFlags::IN)], Some(&limit)).is_ok_and(|ready| ready > 0)
    }

    /// A second descriptor of the same process.
    pub(crate) fn try_clone(&self) -> io::Result<Self> {
        Ok(Self {
            pid: self.pid,
            fd: self.fd.try_clone()?,
        })
    }
}

impl AsFd for PidFd {
    fn as_fd(&self) -> BorrowedFd<'_> {
        self.fd.as_fd()
    }
}

impl AsRawFd for PidFd {
    fn as_raw_fd(&self) -> RawFd {
        self.fd.as_raw_fd()
    }
}

/// A signal by number, real-time signals among them.
#[expect(
    unsafe_code,
    reason = "rustix takes numbers outside its named signals unchecked only"
)]
pub(crate) fn signal_from_raw(signal: i32) -> Option<Signal> {
    if let Some(named) = Signal::from_named_raw(signal) {
        return Some(named);
    }
    // SAFETY: 33 to 64 are valid signal numbers on Linux, and libc uses none of those from
    // SIGRTMIN on for itself.
    (libc::SIGRTMIN()..=libc::SIGRTMAX())
        .contains(&signal)
        .then(|| unsafe { Signal::from_raw_unchecked(signal) })
}

/// When a process started, in clock ticks since boot: field 22 of `/proc/PID/stat` (`proc(5)`).
pub(crate) fn start_time(pid: u32) -> io::Result<u64> {
    let stat = fs::read_to_string(format!("/proc/{pid}/stat"))?;
    // The name in field 2 is in parentheses and may hold spaces and parentheses itself.
    stat.rsplit_once(')')
        .and_then(|(_, rest)| rest.split_ascii_whitespace().nth(19))
        .and_then(|field| field.parse().ok())
        .ok_or_else(|| io::Error::other("/proc/PID/stat is not as expected"))
}
