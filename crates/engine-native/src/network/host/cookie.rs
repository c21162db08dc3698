//! The number of a network namespace, which no other has until the host is restarted.
#![expect(unsafe_code, reason = "rustix does not know this socket option")]

use std::io;
use std::os::fd::AsRawFd;

use rustix::net::{AddressFamily, SocketFlags, SocketType, socket_with};

/// The calling thread's network namespace (`SO_NETNS_COOKIE`, since Linux 5.14). Unlike the inode
/// of a namespace, it is not given to another one later.
pub(in crate::network) fn of_this_namespace() -> io::Result<u64> {
    let kind = SocketType::DGRAM;
    let socket = socket_with(AddressFamily::UNIX, kind, SocketFlags::CLOEXEC, None)?;
    let mut cookie = 0u64;
    let mut length: libc::socklen_t = 8;
    // SAFETY: the kernel writes no more than `length` bytes, which is the size of `cookie`.
    let result = unsafe {
        libc::getsockopt(
            socket.as_raw_fd(),
            libc::SOL_SOCKET,
            libc::SO_NETNS_COOKIE,
            (&raw mut cookie).cast(),
            &raw mut length,
        )
    };
    if result < 0 {
        Err(io::Error::last_os_error())
    } else {
        Ok(cookie)
    }
}

#[cfg(test)]
mod tests {
    #[test]
    fn it_stays_the_same() {
        let cookie = super::of_this_namespace().unwrap();
        assert_ne!(cookie, 0);
        assert_eq!(super::of_this_namespace().unwrap(), cookie);
    }
}
