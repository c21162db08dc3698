//! The system calls a sandbox may make.
//!
//! - [`arch`]: the tables of numbers, one for each ABI that the kernel serves;
//! - [`policy`]: rules as data, and their plain evaluation;
//! - `profile`: the default rules, by name and with the reasons;
//! - `compile`: from rules to classic BPF, without libseccomp;
//! - `install`: the one system call that puts a program in force.
//!
//! A refused call returns an `errno` and never kills, so that programs can take another way:
//! `EPERM` for what is forbidden, `ENOSYS` for what is new or unknown, `EAFNOSUPPORT` for socket
//! families. `docs/seccomp.md` lists what is refused and why.
//!
//! One way stays open that a filter can't close: `socketcall`, the socket multiplexer of 32-bit
//! x86, takes its arguments from memory, which BPF can't read. Refusing it cuts off nearly all
//! 32-bit programs, Wine among them, so it is allowed, and with it the families that `socket`
//! refuses.

pub mod arch;
mod compile;
mod install;
#[cfg(test)]
mod interpret;
#[cfg(test)]
mod kernel_tests;
pub mod policy;
mod profile;
#[cfg(test)]
mod program_tests;

use std::sync::OnceLock;

use libc::sock_filter;

pub use arch::Arch;

/// A compiled filter.
#[derive(Debug)]
pub struct Filter {
    program: Box<[sock_filter]>,
}

impl Filter {
    /// The filter of the default profile for this machine's kernel, compiled at the first call.
    ///
    /// Compiling allocates: call this once before the process forks, and hand the reference to
    /// what runs in the child.
    pub fn default_profile() -> &'static Filter {
        static DEFAULT: OnceLock<Filter> = OnceLock::new();
        DEFAULT.get_or_init(|| Filter::compile(&profile::policy(Arch::of_host())))
    }

    /// Compiles a policy.
    pub fn compile(policy: &policy::Policy) -> Filter {
        Filter {
            program: compile::compile(policy).into_boxed_slice(),
        }
    }

    /// The program, as `seccomp(2)` takes it.
    pub fn program(&self) -> &[sock_filter] {
        &self.program
    }
}
