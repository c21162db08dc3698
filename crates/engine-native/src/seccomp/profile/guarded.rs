//! Calls whose decision depends on an argument.

use crate::seccomp::policy::{Action, Rule, Test};

/// `CLONE_NEWNS`, `NEWCGROUP`, `NEWUTS`, `NEWIPC`, `NEWUSER`, `NEWPID` and `NEWNET`.
const NEW_NAMESPACE: u32 =
    0x0002_0000 | 0x0200_0000 | 0x0400_0000 | 0x0800_0000 | 0x1000_0000 | 0x2000_0000 | 0x4000_0000;

/// A bit of the signal number in `clone`, a namespace in `unshare`.
const CLONE_NEWTIME: u32 = 0x80;

/// The address families of ordinary networking: `AF_UNIX`, `AF_INET`, `AF_INET6`, `AF_NETLINK` and
/// `AF_PACKET` (which needs `CAP_NET_RAW`). Left out are `AF_ALG` (CVE-2026-31431) and `AF_VSOCK`
/// (reaches the hypervisor past every network namespace), and also all the families that a request
/// alone makes the kernel load a seldom used module for.
pub(in crate::seccomp) const FAMILIES: &[u32] = &[1, 2, 10, 16, 17];

/// `PER_LINUX`, `PER_LINUX32`, with `UNAME26` or `ADDR_NO_RANDOMIZE` (debuggers), and the query.
const PERSONALITIES: &[u32] = &[
    0,
    0x8,
    0x0002_0000,
    0x0002_0008,
    0x0004_0000,
    0x0004_0008,
    0xffff_ffff,
];

/// `TIOCSTI` types into the terminal and `TIOCLINUX` pastes into it (CVE-2016-2568,
/// CVE-2023-28339): both reach a shell outside that the terminal is shared with.
const TYPES_INTO_TERMINAL: &[u32] = &[0x5412, 0x541c];

/// Each call with its rule.
pub(super) const GUARDED: &[(&str, Rule)] = &[
    ("clone", when(0, Test::Without(NEW_NAMESPACE), libc::EPERM)),
    (
        "ioctl",
        when(1, Test::NoneOf(TYPES_INTO_TERMINAL), libc::EPERM),
    ),
    (
        "personality",
        when(0, Test::OneOf(PERSONALITIES), libc::EPERM),
    ),
    // What a kernel without the family answers, so that programs take their other way.
    ("socket", when(0, Test::OneOf(FAMILIES), libc::EAFNOSUPPORT)),
    (
        "socketpair",
        when(0, Test::OneOf(FAMILIES), libc::EAFNOSUPPORT),
    ),
    (
        "unshare",
        when(0, Test::Without(NEW_NAMESPACE | CLONE_NEWTIME), libc::EPERM),
    ),
];

const fn when(argument: u8, test: Test, errno: i32) -> Rule {
    Rule::When {
        argument,
        test,
        otherwise: Action::Refuse(super::errno(errno)),
    }
}
