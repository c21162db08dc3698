//! The default profile at the 32-bit entry of an x86_64 kernel, in forked children.
#![expect(
    unsafe_code,
    reason = "the tests enter the kernel by int 0x80, as hostile code does"
)]

use std::arch::asm;

use super::kernel_tests::under_filter;

const SOCKET: u32 = 359;
const SOCKETPAIR: u32 = 360;
pub(super) const SOCKETCALL: u32 = 102;
const KEYCTL: u32 = 288;
const UNSHARE: u32 = 310;
const CLONE: u32 = 120;
const CLONE3: u32 = 435;

/// A call through the 32-bit entry, which any 64-bit program can make; returns what the
/// kernel does, a negative `errno` for a failure.
pub(super) fn call(number: u32, arguments: [u32; 3]) -> i32 {
    let mut result = number;
    // SAFETY: as for the native calls; `rbx`, which the compiler keeps, is put back.
    unsafe {
        asm!(
            "xchg {first:r}, rbx",
            "int 0x80",
            "xchg {first:r}, rbx",
            first = inout(reg) u64::from(arguments[0]) => _,
            inout("eax") result,
            in("ecx") arguments[1],
            in("edx") arguments[2],
            in("esi") 0,
            in("edi") 0,
            out("r8") _, out("r9") _, out("r10") _, out("r11") _,
        );
    }
    result.cast_signed()
}

/// Memory that a 32-bit address reaches, shared with the processes forked after.
pub(super) fn low_memory() -> *mut [u32; 3] {
    // SAFETY: a new mapping, which overlaps none.
    let memory = unsafe {
        libc::mmap(
            std::ptr::null_mut(),
            4096,
            libc::PROT_READ | libc::PROT_WRITE,
            libc::MAP_SHARED | libc::MAP_ANONYMOUS | libc::MAP_32BIT,
            -1,
            0,
        )
    };
    memory.cast()
}

/// What glibc's 32-bit `socket` does: call 1 of the multiplexer, with the arguments in memory.
pub(super) fn multiplexed_socket(family: i32, kind: i32) -> i32 {
    let memory = low_memory();
    let Ok(address) = u32::try_from(memory.addr()) else {
        return -libc::ENOMEM;
    };
    // SAFETY: the mapping holds 1,024 words.
    unsafe { memory.write([family.cast_unsigned(), kind.cast_unsigned(), 0]) };
    call(SOCKETCALL, [1, address, 0])
}

/// The `errno` of a result as an exit code, 0 if it is none.
fn errno(result: i32) -> i32 {
    (-result).clamp(0, 254)
}

/// The direct call for a socket or a pair.
fn direct(number: u32, family: i32, kind: i32) -> i32 {
    errno(call(
        number,
        [family.cast_unsigned(), kind.cast_unsigned(), 0],
    ))
}

/// A call with one argument.
fn with(number: u32, argument: i32) -> i32 {
    errno(call(number, [argument.cast_unsigned(), 0, 0]))
}

#[test]
fn refusals_hold_at_the_32_bit_entry_too() {
    for probe in [
        || direct(SOCKET, libc::AF_ALG, libc::SOCK_SEQPACKET),
        || direct(SOCKET, libc::AF_VSOCK, libc::SOCK_STREAM),
        || direct(SOCKETPAIR, libc::AF_VSOCK, libc::SOCK_STREAM),
    ] {
        assert_eq!(under_filter(probe), libc::EAFNOSUPPORT);
    }
    for probe in [
        || with(KEYCTL, 0),
        || with(UNSHARE, libc::CLONE_NEWUSER),
        || with(CLONE, libc::CLONE_NEWUSER | libc::SIGCHLD),
    ] {
        assert_eq!(under_filter(probe), libc::EPERM);
    }
    assert_eq!(under_filter(|| with(CLONE3, 0)), libc::ENOSYS);
}

#[test]
fn ordinary_32_bit_networking_works_both_ways() {
    for probe in [
        || direct(SOCKET, libc::AF_INET, libc::SOCK_STREAM),
        || direct(SOCKET, libc::AF_UNIX, libc::SOCK_STREAM),
        || errno(multiplexed_socket(libc::AF_INET, libc::SOCK_STREAM)),
        || errno(multiplexed_socket(libc::AF_UNIX, libc::SOCK_STREAM)),
    ] {
        assert_eq!(under_filter(probe), 0);
    }
}
