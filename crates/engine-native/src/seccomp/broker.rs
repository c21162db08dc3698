//! Makes the sockets that programs ask for through i386's `socketcall`.
//!
//! A filter can't read the family, which is in the program's memory; and to look at it and let the
//! call go on would be a race, since another thread changes the memory in between. So the family
//! is read once, the socket is made here, and a copy of it is put into the program.
#![expect(
    unsafe_code,
    reason = "reads another process's memory and makes sockets by number"
)]

use std::io;
use std::os::fd::{AsFd, FromRawFd, OwnedFd};

use super::Arch;
use super::listener::{Listener, Question};
use super::profile::{FAMILIES, SYS_SOCKET};

/// The arguments of `socket(2)`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Wanted {
    family: u32,
    /// The kind with `SOCK_CLOEXEC` and `SOCK_NONBLOCK`.
    kind: u32,
    protocol: u32,
}

/// Answers until the last process under the filter is gone.
///
/// The sockets belong to the network namespace, the control group and the user of the thread that
/// calls this, so it enters the sandbox's network and user namespace first. It has to stay outside of
/// the sandbox's namespace of process ids, with the right to trace what is inside, and on no path of
/// the engine that must not wait: reading a program's memory waits for whatever lies under it.
///
/// # Errors
/// What the kernel says about the listener; never anything about a single call.
pub fn serve(listener: &Listener) -> io::Result<()> {
    while let Some(question) = listener.receive()? {
        answer(listener, &question)?;
    }
    Ok(())
}

/// Answers one question.
fn answer(listener: &Listener, question: &Question) -> io::Result<()> {
    let call = &question.call;
    if call.arch != Arch::X86.audit() || call.arguments[0] != u64::from(SYS_SOCKET) {
        return listener.refuse(question, libc::ENOSYS);
    }
    let decided = read(question.thread, call.arguments[1]).and_then(Wanted::allowed);
    // Only a thread that still waits is the one whose memory was read.
    if !listener.waits(question) {
        return Ok(());
    }
    match decided.and_then(make) {
        Ok((socket, close_on_exec)) => listener.give(question, socket.as_fd(), close_on_exec),
        Err(errno) => listener.refuse(question, errno),
    }
}

/// Reads the arguments of `socket(2)` from a thread's memory.
fn read(thread: i32, address: u64) -> Result<Wanted, i32> {
    let mut words = [0u32; 3];
    let local = libc::iovec {
        iov_base: words.as_mut_ptr().cast(),
        iov_len: size_of_val(&words),
    };
    let remote = libc::iovec {
        iov_base: std::ptr::without_provenance_mut(usize::try_from(address).unwrap_or(0)),
        iov_len: local.iov_len,
    };
    // SAFETY: writes into `words` only, which is as long as said.
    let copied =
        unsafe { libc::process_vm_readv(thread, &raw const local, 1, &raw const remote, 1, 0) };
    if usize::try_from(copied) != Ok(local.iov_len) {
        return Err(libc::EFAULT);
    }
    let [family, kind, protocol] = words;
    Ok(Wanted {
        family,
        kind,
        protocol,
    })
}

impl Wanted {
    /// `SOCK_TYPE_MASK` of the kernel.
    const KIND: u32 = 0xf;

    /// The same, where a program may have it: of an ordinary family, and no raw one. The kernel would
    /// look at this process's capabilities for those, and no program has `CAP_NET_RAW`.
    fn allowed(self) -> Result<Self, i32> {
        if !FAMILIES.contains(&self.family) {
            Err(libc::EAFNOSUPPORT)
        } else if self.is_raw() {
            Err(libc::EPERM)
        } else {
            Ok(self)
        }
    }

    /// Whether the kernel asks for `CAP_NET_RAW`: packet sockets, and whatever is no ordinary kind
    /// of an internet socket, such as the old `SOCK_PACKET`.
    fn is_raw(&self) -> bool {
        let packet = self.family == libc::AF_PACKET.cast_unsigned();
        let internet = [libc::AF_INET, libc::AF_INET6].map(i32::cast_unsigned);
        let ordinary = [libc::SOCK_STREAM, libc::SOCK_DGRAM, libc::SOCK_SEQPACKET]
            .map(i32::cast_unsigned)
            .contains(&(self.kind & Self::KIND));
        packet || (internet.contains(&self.family) && !ordinary)
    }
}

/// Makes the socket; says too whether the program wants it closed at `exec`.
fn make(wanted: Wanted) -> Result<(OwnedFd, bool), i32> {
    let close_on_exec = libc::SOCK_CLOEXEC.cast_unsigned();
    let kind = (wanted.kind | close_on_exec).cast_signed();
    // SAFETY: takes numbers only.
    let socket = unsafe {
        libc::socket(
            wanted.family.cast_signed(),
            kind,
            wanted.protocol.cast_signed(),
        )
    };
    if socket < 0 {
        let errno = io::Error::last_os_error().raw_os_error();
        return Err(errno.unwrap_or(libc::EINVAL));
    }
    // SAFETY: the kernel has just made the descriptor for this process.
    let socket = unsafe { OwnedFd::from_raw_fd(socket) };
    Ok((socket, wanted.kind & close_on_exec != 0))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn raw_sockets_are_recognised() {
        let raw = |family: i32, kind: i32| {
            let [family, kind] = [family, kind].map(i32::cast_unsigned);
            Wanted {
                family,
                kind,
                protocol: 0,
            }
            .is_raw()
        };
        assert!(raw(libc::AF_PACKET, libc::SOCK_DGRAM));
        assert!(raw(libc::AF_INET, libc::SOCK_RAW | libc::SOCK_CLOEXEC));
        assert!(
            raw(libc::AF_INET, 10),
            "SOCK_PACKET becomes a packet socket"
        );
        assert!(raw(libc::AF_INET6, libc::SOCK_RAW));
        assert!(!raw(libc::AF_INET, libc::SOCK_DGRAM | libc::SOCK_NONBLOCK));
        assert!(!raw(libc::AF_NETLINK, libc::SOCK_RAW));
        assert!(!raw(libc::AF_UNIX, libc::SOCK_STREAM));
    }
}
