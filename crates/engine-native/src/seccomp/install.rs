//! Putting a filter in force.
#![expect(
    unsafe_code,
    reason = "seccomp(2) has no safe wrapper in libc or rustix"
)]

use std::io;

use super::Filter;

impl Filter {
    /// Puts the filter in force for the calling thread and all it starts from here on, for good.
    ///
    /// For use between `fork` and `exec`: one system call, no allocation, no lock. The calls that
    /// set the sandbox up (mounts, namespaces, host name) must have been made before.
    ///
    /// No flag is passed: the other threads are left alone, refusals are not logged, and the
    /// mitigations for speculative execution stay as the kernel sets them (since 5.16 a filter no
    /// longer switches them on by itself, so `SECCOMP_FILTER_FLAG_SPEC_ALLOW` would gain nothing).
    ///
    /// # Errors
    /// `EACCES` unless the thread has no-new-privileges set or `CAP_SYS_ADMIN` in its user
    /// namespace; `ENOSYS` or `EINVAL` from a kernel without `CONFIG_SECCOMP_FILTER`; `ENOMEM` when
    /// the filters already in force leave no room (32,768 instructions in all).
    pub fn install(&self) -> io::Result<()> {
        self.set(0).map(drop)
    }

    /// `SECCOMP_SET_MODE_FILTER` with flags; returns what the kernel does.
    pub(super) fn set(&self, flags: libc::c_ulong) -> io::Result<libc::c_int> {
        let len = u16::try_from(self.program.len())
            .map_err(|_| io::Error::from_raw_os_error(libc::EINVAL))?;
        let program = libc::sock_fprog {
            len,
            filter: self.program.as_ptr().cast_mut(),
        };
        // SAFETY: `program` points to `len` instructions that live as long as `self`; the kernel
        // copies them and writes to nothing.
        let result = unsafe {
            libc::syscall(
                libc::SYS_seccomp,
                libc::SECCOMP_SET_MODE_FILTER,
                flags,
                &raw const program,
            )
        };
        libc::c_int::try_from(result)
            .ok()
            .filter(|result| *result >= 0)
            .ok_or_else(io::Error::last_os_error)
    }
}
