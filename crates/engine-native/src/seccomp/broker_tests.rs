//! The brokered profile in force in a forked child, with the test as its broker.
#![expect(
    unsafe_code,
    reason = "the tests fork and enter the kernel as hostile code does"
)]

use std::io::Read;
use std::os::fd::{AsRawFd, OwnedFd};

use rustix::process::{Pid, PidfdFlags, PidfdGetfdFlags, pidfd_getfd, pidfd_open};

use super::i386_tests::{SOCKETCALL, call, low_memory, multiplexed_socket};
use super::{Filter, Listener, broker};

/// Runs `probe` in a child with the brokered filter in force, and serves it till its end; returns
/// its exit code.
fn brokered(probe: fn() -> i32) -> i32 {
    answered(probe, |listener| broker::serve(listener).expect("serves"))
}

/// The same, with another way to answer.
fn answered(probe: fn() -> i32, answer: fn(&Listener)) -> i32 {
    let filter = Filter::brokered_profile();
    let (mut from_child, to_parent) = std::io::pipe().expect("a pipe");
    // SAFETY: the child makes system calls on memory that was prepared before, and then exits.
    let child = unsafe { libc::fork() };
    assert!(child >= 0, "fork: {}", std::io::Error::last_os_error());
    if child == 0 {
        // SAFETY: system calls that touch no memory but `number`; ends without running anything
        // of the test process.
        unsafe {
            libc::prctl(libc::PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0);
            let Ok(listener) = filter.install_asking() else {
                libc::_exit(255)
            };
            let number = listener.as_raw_fd();
            libc::write(
                to_parent.as_raw_fd(),
                (&raw const number).cast(),
                size_of_val(&number),
            );
            libc::_exit(probe());
        }
    }
    drop(to_parent);
    let mut number = [0; size_of::<i32>()];
    from_child
        .read_exact(&mut number)
        .expect("the filter is installed");
    answer(&Listener::new(take(child, i32::from_ne_bytes(number))));
    let mut status = 0;
    // SAFETY: waits for the child from above; `status` outlives the call.
    assert_eq!(unsafe { libc::waitpid(child, &raw mut status, 0) }, child);
    assert!(
        libc::WIFEXITED(status),
        "the probe was killed: status {status:#x}"
    );
    libc::WEXITSTATUS(status)
}

/// Takes a descriptor out of a child and closes it there no later than the child ends.
fn take(child: i32, number: i32) -> OwnedFd {
    let child = Pid::from_raw(child).expect("a child has a number");
    let handle = pidfd_open(child, PidfdFlags::empty()).expect("pidfd_open");
    pidfd_getfd(handle, number, PidfdGetfdFlags::empty()).expect("pidfd_getfd")
}

/// 0 if `result` is a socket of the family, else its `errno` or 254.
fn is_socket(result: i32, family: i32) -> i32 {
    if result < 0 {
        return -result;
    }
    if option(result, libc::SO_DOMAIN) == Some(family) {
        0
    } else {
        254
    }
}

fn option(socket: i32, name: i32) -> Option<i32> {
    let mut value = 0i32;
    let mut length = 4;
    // SAFETY: writes 4 bytes into `value`.
    let result = unsafe {
        libc::getsockopt(
            socket,
            libc::SOL_SOCKET,
            name,
            (&raw mut value).cast(),
            &raw mut length,
        )
    };
    (result == 0).then_some(value)
}

#[test]
fn ordinary_families_come_through_the_multiplexer() {
    for probe in [
        || {
            is_socket(
                multiplexed_socket(libc::AF_INET, libc::SOCK_STREAM),
                libc::AF_INET,
            )
        },
        || {
            is_socket(
                multiplexed_socket(libc::AF_INET6, libc::SOCK_DGRAM),
                libc::AF_INET6,
            )
        },
        || {
            is_socket(
                multiplexed_socket(libc::AF_UNIX, libc::SOCK_STREAM),
                libc::AF_UNIX,
            )
        },
        || {
            is_socket(
                multiplexed_socket(libc::AF_NETLINK, libc::SOCK_RAW),
                libc::AF_NETLINK,
            )
        },
    ] {
        assert_eq!(brokered(probe), 0);
    }
}

#[test]
fn other_families_do_not() {
    for probe in [
        || {
            is_socket(
                multiplexed_socket(libc::AF_ALG, libc::SOCK_SEQPACKET),
                libc::AF_ALG,
            )
        },
        || {
            is_socket(
                multiplexed_socket(libc::AF_VSOCK, libc::SOCK_STREAM),
                libc::AF_VSOCK,
            )
        },
        || is_socket(multiplexed_socket(-1, libc::SOCK_STREAM), -1),
    ] {
        assert_eq!(brokered(probe), libc::EAFNOSUPPORT);
    }
}

#[test]
fn raw_sockets_are_refused() {
    let code = brokered(|| {
        is_socket(
            multiplexed_socket(libc::AF_INET, libc::SOCK_RAW),
            libc::AF_INET,
        )
    });
    assert_eq!(code, libc::EPERM);
}

/// 1 for close-on-exec and 2 for non-blocking, of a socket asked for with flags.
fn kept(flags: i32) -> i32 {
    let socket = multiplexed_socket(libc::AF_INET, libc::SOCK_STREAM | flags);
    // SAFETY: queries of a descriptor.
    let (on_exec, status) = unsafe {
        (
            libc::fcntl(socket, libc::F_GETFD),
            libc::fcntl(socket, libc::F_GETFL),
        )
    };
    i32::from(on_exec & libc::FD_CLOEXEC != 0) | i32::from(status & libc::O_NONBLOCK != 0) << 1
}

#[test]
fn the_flags_of_a_socket_are_kept() {
    assert_eq!(brokered(|| kept(0)), 0);
    assert_eq!(brokered(|| kept(libc::SOCK_CLOEXEC)), 1);
    assert_eq!(brokered(|| kept(libc::SOCK_NONBLOCK)), 2);
    assert_eq!(
        brokered(|| kept(libc::SOCK_NONBLOCK | libc::SOCK_CLOEXEC)),
        3
    );
}

#[test]
fn a_bad_address_is_the_programs_fault() {
    assert_eq!(brokered(|| -call(SOCKETCALL, [1, 8, 0])), libc::EFAULT);
}

#[test]
fn changing_the_family_during_the_call_gains_nothing() {
    let code = brokered(|| {
        let memory = low_memory();
        let Ok(address) = u32::try_from(memory.addr()) else {
            return 253;
        };
        let [ordinary, other] = [libc::AF_INET, libc::AF_VSOCK].map(i32::cast_unsigned);
        // SAFETY: the mapping holds the words and both processes live in it; the second process
        // ends with this one.
        unsafe {
            memory.write([ordinary, libc::SOCK_STREAM.cast_unsigned(), 0]);
            if libc::fork() == 0 {
                libc::prctl(libc::PR_SET_PDEATHSIG, libc::SIGKILL);
                while libc::getppid() != 1 {
                    memory.cast::<u32>().write_volatile(other);
                    memory.cast::<u32>().write_volatile(ordinary);
                }
                libc::_exit(0);
            }
        }
        // Both outcomes show that the family did change between the calls.
        let (mut made, mut refused) = (0, 0);
        for _ in 0..100_000 {
            let socket = call(SOCKETCALL, [1, address, 0]);
            if socket < 0 {
                refused += 1;
            } else if option(socket, libc::SO_DOMAIN) != Some(libc::AF_INET) {
                return 252;
            } else {
                made += 1;
                // SAFETY: closes what was made above.
                unsafe { libc::close(socket) };
            }
            if made >= 1000 && refused >= 1000 {
                return 0;
            }
        }
        251
    });
    assert_ne!(code, 252, "a socket of the other family came through");
    assert_eq!(code, 0, "251: no change was seen");
}

#[test]
fn without_a_broker_the_call_looks_absent() {
    let filter = Filter::brokered_profile();
    // SAFETY: as in `brokered`.
    let child = unsafe { libc::fork() };
    if child == 0 {
        // SAFETY: as in `brokered`.
        unsafe {
            libc::prctl(libc::PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0);
            let Ok(listener) = filter.install_asking() else {
                libc::_exit(255)
            };
            drop(listener);
            libc::_exit(-multiplexed_socket(libc::AF_INET, libc::SOCK_STREAM));
        }
    }
    let mut status = 0;
    // SAFETY: waits for the child from above.
    assert_eq!(unsafe { libc::waitpid(child, &raw mut status, 0) }, child);
    assert_eq!(libc::WEXITSTATUS(status), libc::ENOSYS);
}

#[test]
fn a_broker_that_can_not_be_had_is_said() {
    let code = answered(
        || {
            let first = -multiplexed_socket(libc::AF_INET, libc::SOCK_STREAM);
            let second = -multiplexed_socket(libc::AF_INET, libc::SOCK_STREAM);
            i32::from(first != libc::ENOBUFS || second != libc::ENOBUFS)
        },
        |listener| {
            while let Some(asked) = listener.has_question().expect("is polled") {
                if asked {
                    listener.refuse_one(libc::ENOBUFS).expect("is refused");
                } else {
                    std::thread::sleep(std::time::Duration::from_millis(1));
                }
            }
        },
    );
    assert_eq!(code, 0);
}
