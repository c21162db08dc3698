//! The descriptor on which the kernel asks about calls (`seccomp_unotify(2)`).
#![expect(
    unsafe_code,
    reason = "the requests of a seccomp listener have no safe wrapper"
)]

use std::io;
use std::os::fd::{AsFd, AsRawFd, BorrowedFd, FromRawFd, OwnedFd};

use rustix::event::{PollFd, PollFlags, Timespec, poll};

use super::Filter;
use super::policy::Call;

/// Where the calls arrive that a filter asks about. One filter in force has one listener, whatever
/// the number of processes under it; when it is closed, those calls answer `ENOSYS`.
#[derive(Debug)]
pub struct Listener {
    descriptor: OwnedFd,
}

/// A call that waits for its answer.
#[derive(Debug, Clone, Copy)]
pub(super) struct Question {
    id: u64,
    /// The thread that makes the call, in the PID namespace of who reads this.
    pub(super) thread: i32,
    /// What it calls.
    pub(super) call: Call,
}

impl Filter {
    /// Puts the filter in force as [`Filter::install`] does and returns the listener's descriptor,
    /// which is closed at `exec`. Safe between `fork` and `exec`.
    ///
    /// # Errors
    /// As [`Filter::install`], and `EBUSY` where a filter with a listener is in force.
    pub fn install_asking(&self) -> io::Result<OwnedFd> {
        let listen = libc::SECCOMP_FILTER_FLAG_NEW_LISTENER;
        // A signal must not tear a call away while it is being answered, or the program would
        // repeat it and get a second socket. Kernels before 5.19 can't promise that.
        let whole = listen | libc::SECCOMP_FILTER_FLAG_WAIT_KILLABLE_RECV;
        let descriptor = match self.set(whole) {
            Err(error) if error.raw_os_error() == Some(libc::EINVAL) => self.set(listen)?,
            result => result?,
        };
        // SAFETY: the kernel has just made the descriptor for this process.
        Ok(unsafe { OwnedFd::from_raw_fd(descriptor) })
    }
}

impl Listener {
    /// A listener from the descriptor that [`Filter::install_asking`] returned.
    pub fn new(descriptor: OwnedFd) -> Listener {
        Listener { descriptor }
    }

    /// Whether there is a question; `None` when no process is left under the filter. Does not wait.
    pub(crate) fn has_question(&self) -> io::Result<Option<bool>> {
        let mut polled = [PollFd::new(&self.descriptor, PollFlags::IN)];
        poll(&mut polled, Some(&Timespec::default()))?;
        let seen = polled[0].revents();
        if seen.contains(PollFlags::IN) {
            Ok(Some(true))
        } else if seen.is_empty() {
            Ok(Some(false))
        } else {
            Ok(None)
        }
    }

    /// Refuses the question that comes next, where there is one. Does not wait, whatever becomes of
    /// who asked meanwhile.
    pub(crate) fn refuse_one(&self, errno: i32) -> io::Result<()> {
        if self.has_question()? != Some(true) {
            return Ok(());
        }
        match self.take()? {
            Some(question) => self.refuse(&question, errno),
            None => Ok(()),
        }
    }

    /// Waits for a question. `None` when no process is left under the filter.
    pub(super) fn receive(&self) -> io::Result<Option<Question>> {
        loop {
            let mut poll = libc::pollfd {
                fd: self.descriptor.as_raw_fd(),
                events: libc::POLLIN,
                revents: 0,
            };
            // SAFETY: one descriptor, which lives as long as the call.
            if unsafe { libc::poll(&raw mut poll, 1, -1) } < 0 {
                let error = io::Error::last_os_error();
                if error.kind() == io::ErrorKind::Interrupted {
                    continue;
                }
                return Err(error);
            }
            if poll.revents & libc::POLLIN == 0 {
                return Ok(None);
            }
            if let Some(question) = self.take()? {
                return Ok(Some(question));
            }
        }
    }

    /// Takes a question that was there a moment ago; `None` where it is there no more. Does not
    /// wait after a poll that saw one: the kernel counts a question that was withdrawn, too.
    fn take(&self) -> io::Result<Option<Question>> {
        // SAFETY: plain numbers, for which zero is a value; the kernel demands zeros.
        let mut asked: libc::seccomp_notif = unsafe { std::mem::zeroed() };
        match self.request(libc::SECCOMP_IOCTL_NOTIF_RECV, &mut asked) {
            Ok(_) => Ok(Some(Question::from(asked))),
            // The process was killed, or a signal came, between the two calls.
            Err(error) if gone(&error) || error.kind() == io::ErrorKind::Interrupted => Ok(None),
            Err(error) => Err(error),
        }
    }

    /// Whether the thread of a question still waits, so that its number means it and none else.
    pub(super) fn waits(&self, question: &Question) -> bool {
        let mut id = question.id;
        self.request(libc::SECCOMP_IOCTL_NOTIF_ID_VALID, &mut id)
            .is_ok()
    }

    /// Ends the call with an `errno`.
    pub(super) fn refuse(&self, question: &Question, errno: i32) -> io::Result<()> {
        let mut answer = libc::seccomp_notif_resp {
            id: question.id,
            val: 0,
            error: -errno,
            flags: 0,
        };
        self.answered(self.request(libc::SECCOMP_IOCTL_NOTIF_SEND, &mut answer))
    }

    /// Puts a copy of a descriptor into the calling process and ends the call with its number, in
    /// one step (since Linux 5.14).
    pub(super) fn give(
        &self,
        question: &Question,
        descriptor: BorrowedFd<'_>,
        close_on_exec: bool,
    ) -> io::Result<()> {
        let mut gift = libc::seccomp_notif_addfd {
            id: question.id,
            flags: u32::try_from(libc::SECCOMP_ADDFD_FLAG_SEND).unwrap_or_default(),
            srcfd: descriptor.as_raw_fd().cast_unsigned(),
            newfd: 0,
            newfd_flags: if close_on_exec {
                libc::O_CLOEXEC.cast_unsigned()
            } else {
                0
            },
        };
        match self.request(libc::SECCOMP_IOCTL_NOTIF_ADDFD, &mut gift) {
            // The process has no room for a descriptor: it is told, as by the kernel.
            Err(error) if error.raw_os_error() == Some(libc::EMFILE) => {
                self.refuse(question, libc::EMFILE)
            }
            result => self.answered(result),
        }
    }

    /// A process that went away needs no answer.
    fn answered(&self, result: io::Result<i32>) -> io::Result<()> {
        match result {
            Err(error) if !gone(&error) => Err(error),
            _ => Ok(()),
        }
    }

    fn request<T>(&self, request: libc::Ioctl, argument: &mut T) -> io::Result<i32> {
        // SAFETY: each request above is passed the type that its number encodes.
        let result = unsafe { libc::ioctl(self.descriptor.as_raw_fd(), request, argument) };
        if result < 0 {
            Err(io::Error::last_os_error())
        } else {
            Ok(result)
        }
    }
}

impl AsRawFd for Listener {
    fn as_raw_fd(&self) -> std::os::fd::RawFd {
        self.descriptor.as_raw_fd()
    }
}

impl AsFd for Listener {
    /// Becomes readable when there is a question, and hangs up with the last process.
    fn as_fd(&self) -> BorrowedFd<'_> {
        self.descriptor.as_fd()
    }
}

impl From<libc::seccomp_notif> for Question {
    fn from(asked: libc::seccomp_notif) -> Question {
        let libc::seccomp_data { nr, arch, args, .. } = asked.data;
        Question {
            id: asked.id,
            thread: asked.pid.cast_signed(),
            call: Call {
                arch,
                number: nr.cast_unsigned(),
                arguments: args,
            },
        }
    }
}

fn gone(error: &io::Error) -> bool {
    error.raw_os_error() == Some(libc::ENOENT)
}
