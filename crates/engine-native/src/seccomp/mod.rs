//! The system calls a sandbox may make.
//!
//! - [`arch`]: the tables of numbers, one for each ABI that the kernel serves;
//! - [`policy`]: rules as data, and their plain evaluation;
//! - `profile`: the default rules, by name and with the reasons;
//! - `compile`: from rules to classic BPF, without libseccomp;
//! - `install`: the one system call that puts a program in force, and `choice`: which one;
//! - `listener` and [`broker`]: answers to the calls that no filter can decide about.
//!
//! A refused call returns an `errno` and never kills, so that programs can take another way:
//! `EPERM` for what is forbidden, `ENOSYS` for what is new or unknown, `EAFNOSUPPORT` for socket
//! families. `docs/seccomp.md` lists what is refused and why.
//!
//! One call a filter can't decide about: `socketcall`, the socket multiplexer of 32-bit x86, takes
//! its arguments from memory, which BPF can't read. Refusing it cuts off nearly all 32-bit
//! programs, Wine among them. [`Filter::brokered_profile`] asks a [`Listener`], and [`broker`] answers;
//! [`Filter::default_profile`], for kernels that can't be asked so, allows it, and with it the families
//! that `socket` refuses.

pub mod arch;
pub mod broker;
#[cfg(all(test, target_arch = "x86_64"))]
mod broker_tests;
mod choice;
mod compile;
#[cfg(all(test, target_arch = "x86_64"))]
mod i386_tests;
mod install;
#[cfg(test)]
mod interpret;
#[cfg(test)]
mod kernel_tests;
mod listener;
pub mod policy;
mod profile;
#[cfg(test)]
mod program_tests;

use std::sync::OnceLock;

use libc::sock_filter;

pub use arch::Arch;
pub use choice::{install, prepare};
pub use listener::Listener;
use profile::Multiplexer;

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
        DEFAULT.get_or_init(|| {
            Filter::compile(&profile::policy(Arch::of_host(), Multiplexer::Allowed))
        })
    }

    /// The default filter, but new sockets by i386's `socketcall` are made by a [`broker`]: put
    /// it in force with [`Filter::install_asking`] and serve the listener, or they get `ENOSYS`.
    ///
    /// Compile before the fork, as [`Filter::default_profile`].
    pub fn brokered_profile() -> &'static Filter {
        static BROKERED: OnceLock<Filter> = OnceLock::new();
        BROKERED.get_or_init(|| {
            Filter::compile(&profile::policy(Arch::of_host(), Multiplexer::Brokered))
        })
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
