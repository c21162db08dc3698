//! Audit architectures: the value the kernel reports, and the system calls of each.

use std::collections::BTreeMap;

/// A system-call table of the kernel, as `seccomp_data.arch` names it.
///
/// A 64-bit kernel serves its 32-bit sub-architecture as well: any process may enter it, a 64-bit
/// one on x86 by `int $0x80`, so a filter that leaves it out is no filter.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Arch {
    /// 64-bit x86. Its x32 numbers (bit 30 set) are in no table and so count as unknown.
    X86_64,
    /// 32-bit x86, the sub-architecture of [`Arch::X86_64`].
    X86,
    /// 64-bit ARM.
    Aarch64,
    /// 32-bit ARM (EABI), the sub-architecture of [`Arch::Aarch64`].
    Arm,
}

/// ARM's private calls, which no table in `unistd.h` has (`arch/arm/include/uapi/asm/unistd.h`:
/// `__ARM_NR_BASE` is 0x0f0000).
const ARM_PRIVATE: [(u32, &str); 4] = [
    (0x0f_0001, "breakpoint"),
    (0x0f_0002, "cacheflush"),
    (0x0f_0005, "set_tls"),
    (0x0f_0006, "get_tls"),
];

impl Arch {
    /// The tables that a kernel of the architecture this is built for serves, the native one first.
    pub const fn of_host() -> &'static [Arch] {
        #[cfg(target_arch = "x86_64")]
        {
            &[Arch::X86_64, Arch::X86]
        }
        #[cfg(target_arch = "aarch64")]
        {
            &[Arch::Aarch64, Arch::Arm]
        }
        #[cfg(not(any(target_arch = "x86_64", target_arch = "aarch64")))]
        compile_error!("the native engine has a system-call profile for x86_64 and aarch64 only")
    }

    /// The `AUDIT_ARCH_*` value (`linux/audit.h`).
    pub const fn audit(self) -> u32 {
        match self {
            Arch::X86_64 => 0xc000_003e,
            Arch::X86 => 0x4000_0003,
            Arch::Aarch64 => 0xc000_00b7,
            Arch::Arm => 0x4000_0028,
        }
    }

    /// Every known system call, by number.
    pub fn calls(self) -> BTreeMap<u32, &'static str> {
        // The crate's enumerations are distinct types that share no trait. Their `iter` leaves out
        // the last call, so the numbers are counted here.
        macro_rules! table {
            ($arch:ident) => {
                (0..=syscalls::$arch::Sysno::last().id().cast_unsigned())
                    .filter_map(|number| {
                        let call = syscalls::$arch::Sysno::new(number as usize)?;
                        Some((number, plain(call.name())))
                    })
                    .collect()
            };
        }
        let mut calls: BTreeMap<u32, &'static str> = match self {
            Arch::X86_64 => table!(x86_64),
            Arch::X86 => table!(x86),
            Arch::Aarch64 => table!(aarch64),
            Arch::Arm => table!(arm),
        };
        if self == Arch::Arm {
            calls.extend(ARM_PRIVATE);
        }
        calls
    }
}

/// The name without the mark of a raw Rust identifier (`r#break`).
fn plain(name: &'static str) -> &'static str {
    name.strip_prefix("r#").unwrap_or(name)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_are_those_of_the_kernels_headers() {
        let number = |arch: Arch, name| {
            let calls = arch.calls();
            calls
                .iter()
                .find(|(_, n)| **n == name)
                .map(|(number, _)| *number)
        };
        for (arch, name, expected) in [
            (Arch::X86_64, "read", 0),
            (Arch::X86_64, "clone3", 435),
            (Arch::X86, "break", 17),
            (Arch::X86, "socketcall", 102),
            (Arch::X86, "socket", 359),
            (Arch::X86, "clock_gettime64", 403),
            (Arch::Aarch64, "read", 63),
            (Arch::Aarch64, "keyctl", 219),
            (Arch::Arm, "read", 3),
            (Arch::Arm, "socket", 281),
            (Arch::Arm, "set_tls", 0x0f_0005),
        ] {
            assert_eq!(number(arch, name), Some(expected), "{arch:?} {name}");
        }
    }

    #[test]
    fn the_native_table_agrees_with_libc() {
        let calls = Arch::of_host()[0].calls();
        for (number, name) in [
            (libc::SYS_openat, "openat"),
            (libc::SYS_ioctl, "ioctl"),
            (libc::SYS_unshare, "unshare"),
            (libc::SYS_io_uring_setup, "io_uring_setup"),
        ] {
            assert_eq!(calls[&u32::try_from(number).unwrap()], name);
        }
    }
}
