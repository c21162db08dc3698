//! The default profile in force, in forked children of the test process.
#![expect(
    unsafe_code,
    reason = "the tests fork and make raw system calls, as hostile code does"
)]

use std::os::unix::process::CommandExt;
use std::process::{Command, Output};

use super::Filter;

/// Runs `probe` in a child with the filter in force; returns the `errno` it ends with, 0 if none.
///
/// The test process has threads, so a probe makes system calls and nothing else.
pub(super) fn under_filter(probe: fn() -> i32) -> i32 {
    let filter = Filter::default_profile();
    // SAFETY: the child makes system calls on memory that was prepared before, and then exits.
    let child = unsafe { libc::fork() };
    assert!(child >= 0, "fork: {}", std::io::Error::last_os_error());
    if child == 0 {
        let code = match put_in_force(filter) {
            Ok(()) => probe(),
            Err(_) => 255,
        };
        // SAFETY: ends the child without running anything of the test process.
        unsafe { libc::_exit(code) }
    }
    let mut status = 0;
    // SAFETY: waits for the child from above; `status` outlives the call.
    let waited = unsafe { libc::waitpid(child, &raw mut status, 0) };
    assert_eq!(waited, child);
    assert!(
        libc::WIFEXITED(status),
        "the probe was killed: status {status:#x}"
    );
    let code = libc::WEXITSTATUS(status);
    assert_ne!(code, 255, "the filter could not be installed");
    code
}

fn put_in_force(filter: &Filter) -> std::io::Result<()> {
    // SAFETY: sets a flag of the calling thread.
    let set = unsafe { libc::prctl(libc::PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) };
    if set != 0 {
        return Err(std::io::Error::last_os_error());
    }
    filter.install()
}

/// A system call of the native table; returns its `errno`, 0 if it succeeds.
fn call(number: libc::c_long, arguments: [usize; 3]) -> i32 {
    // SAFETY: the callers pass numbers, null pointers and requests that the filter refuses, or
    // calls that touch no memory.
    let result = unsafe { libc::syscall(number, arguments[0], arguments[1], arguments[2]) };
    if result == -1 { last_errno() } else { 0 }
}

fn last_errno() -> i32 {
    std::io::Error::last_os_error()
        .raw_os_error()
        .unwrap_or(254)
}

/// Runs a program with the filter in force, installed as the engine does it: between fork and exec.
fn run(program: &str, arguments: &[&str]) -> Output {
    let filter = Filter::default_profile();
    let mut command = Command::new(program);
    command.args(arguments);
    // SAFETY: `put_in_force` makes two system calls and allocates nothing.
    unsafe { command.pre_exec(|| put_in_force(filter)) };
    command.output().expect("the program starts")
}

#[test]
fn a_filter_needs_no_new_privileges_first() {
    let filter = Filter::default_profile();
    let mut command = Command::new("/bin/true");
    // SAFETY: the closure makes system calls and allocates nothing.
    unsafe {
        command.uid(65534).gid(65534).pre_exec(|| filter.install());
    }
    // Only root may become another user; for anyone else the flag is missing just the same.
    // SAFETY: reads an id.
    if unsafe { libc::geteuid() } != 0 {
        let mut plain = Command::new("/bin/true");
        // SAFETY: as above.
        unsafe { plain.pre_exec(|| filter.install()) };
        command = plain;
    }
    let error = command.spawn().expect_err("the filter is refused");
    assert_eq!(error.raw_os_error(), Some(libc::EACCES));
}

#[test]
fn ordinary_programs_run() {
    assert!(run("/bin/true", &[]).status.success());
    let listing = run("sh", &["-c", "ls / | cat && (sleep 0; echo end) & wait"]);
    assert!(listing.status.success(), "{listing:?}");
    let text = String::from_utf8(listing.stdout).expect("names in UTF-8");
    assert!(text.contains("proc") && text.contains("end"), "{text}");
}

#[test]
fn threads_start_though_clone3_looks_absent() {
    assert_eq!(
        under_filter(|| call(libc::SYS_clone3, [0, 0, 0])),
        libc::ENOSYS,
        "glibc falls back to clone at ENOSYS only"
    );
    let name = "seccomp::arch::tests::numbers_are_those_of_the_kernels_headers";
    // The test binary itself, which starts a thread for the test that it is asked for.
    let own = std::env::current_exe().expect("the path of the test binary");
    let output = run(own.to_str().expect("a path in UTF-8"), &["--exact", name]);
    assert!(output.status.success(), "{output:?}");
    assert!(
        String::from_utf8_lossy(&output.stdout).contains("1 passed"),
        "{output:?}"
    );
}

#[test]
fn socket_families_beyond_networking_are_refused() {
    for probe in [
        || {
            call(
                libc::SYS_socket,
                [libc::AF_ALG as usize, libc::SOCK_SEQPACKET as usize, 0],
            )
        },
        || {
            call(
                libc::SYS_socket,
                [libc::AF_VSOCK as usize, libc::SOCK_STREAM as usize, 0],
            )
        },
        // The kernel looks at the low half of the family only.
        || {
            call(
                libc::SYS_socket,
                [1 << 32 | 40, libc::SOCK_STREAM as usize, 0],
            )
        },
        || {
            call(
                libc::SYS_socketpair,
                [libc::AF_VSOCK as usize, libc::SOCK_STREAM as usize, 0],
            )
        },
    ] {
        assert_eq!(under_filter(probe), libc::EAFNOSUPPORT);
    }
    for probe in [
        || {
            call(
                libc::SYS_socket,
                [libc::AF_INET as usize, libc::SOCK_STREAM as usize, 0],
            )
        },
        || {
            call(
                libc::SYS_socket,
                [libc::AF_UNIX as usize, libc::SOCK_DGRAM as usize, 0],
            )
        },
        || {
            call(
                libc::SYS_socket,
                [libc::AF_NETLINK as usize, libc::SOCK_RAW as usize, 0],
            )
        },
    ] {
        assert_eq!(under_filter(probe), 0);
    }
}

#[test]
fn namespaces_and_mounts_are_refused() {
    for probe in [
        || call(libc::SYS_unshare, [libc::CLONE_NEWUSER as usize, 0, 0]),
        || call(libc::SYS_unshare, [libc::CLONE_NEWNS as usize, 0, 0]),
        || {
            call(
                libc::SYS_clone,
                [libc::CLONE_NEWUSER as usize | libc::SIGCHLD as usize, 0, 0],
            )
        },
        || call(libc::SYS_setns, [0, 0, 0]),
        || call(libc::SYS_mount, [0, 0, 0]),
        || call(libc::SYS_fsopen, [0, 0, 0]),
        || call(libc::SYS_umount2, [0, 0, 0]),
        || call(libc::SYS_pivot_root, [0, 0, 0]),
    ] {
        assert_eq!(under_filter(probe), libc::EPERM);
    }
}

#[test]
fn the_kernels_large_interfaces_are_refused() {
    for probe in [
        || call(libc::SYS_keyctl, [0, 0, 0]),
        || call(libc::SYS_add_key, [0, 0, 0]),
        || call(libc::SYS_bpf, [0, 0, 0]),
        || call(libc::SYS_userfaultfd, [0, 0, 0]),
        || call(libc::SYS_io_uring_setup, [1, 0, 0]),
        || call(libc::SYS_perf_event_open, [0, 0, 0]),
        || call(libc::SYS_open_by_handle_at, [0, 0, 0]),
        || call(libc::SYS_ioctl, [0, 0x5412, 0]),
        || call(libc::SYS_personality, [0x0010_0000, 0, 0]),
    ] {
        assert_eq!(under_filter(probe), libc::EPERM);
    }
}

#[test]
fn a_number_newer_than_the_tables_looks_absent() {
    assert_eq!(under_filter(|| call(1000, [0, 0, 0])), libc::ENOSYS);
}

#[cfg(target_arch = "x86_64")]
#[test]
fn x32_looks_absent() {
    assert_eq!(
        under_filter(|| call(0x4000_0000 | libc::SYS_getpid, [0, 0, 0])),
        libc::ENOSYS
    );
}
