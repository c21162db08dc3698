//! What a filter decides, as data, with the plain evaluation that the compiled program must match.

use std::collections::BTreeMap;

use super::Arch;

/// What the kernel does with a call.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Action {
    /// The call goes on.
    Allow,
    /// The call is not made and returns this `errno`.
    Refuse(u16),
    /// The call waits for the answer of a [`Listener`](super::Listener).
    Ask,
    /// The process is killed with SIGSYS: only for an architecture that the kernel can't report.
    Kill,
}

/// A test of the low 32 bits of one argument.
///
/// The kernel truncates each argument tested here to 32 bits (`int`, `unsigned int`, or
/// `lower_32_bits` in `clone`), so the high half must not count: a filter that compares all 64
/// bits is passed by setting one of them (CVE-2019-10063).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Test {
    /// The argument is one of these.
    OneOf(&'static [u32]),
    /// The argument is none of these.
    NoneOf(&'static [u32]),
    /// No bit of this mask is set.
    Without(u32),
}

impl Test {
    /// Whether an argument passes.
    pub fn passes(self, argument: u64) -> bool {
        #[expect(
            clippy::cast_possible_truncation,
            reason = "the kernel truncates in the same way"
        )]
        let low = argument as u32;
        match self {
            Test::OneOf(values) => values.contains(&low),
            Test::NoneOf(values) => !values.contains(&low),
            Test::Without(mask) => low & mask == 0,
        }
    }
}

/// What decides about one system call.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Rule {
    /// The same for all arguments: the kernel caches `Allow` per number (since 5.11) and runs no
    /// filter for it.
    Always(Action),
    /// Allowed when the argument passes the test.
    When {
        /// Which argument, 0 to 5.
        argument: u8,
        /// What it must pass.
        test: Test,
        /// What happens to a call whose argument does not.
        otherwise: Action,
    },
}

/// A call as the filter sees it (`struct seccomp_data`, without the instruction pointer).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Call {
    /// The `AUDIT_ARCH_*` value.
    pub arch: u32,
    /// The system-call number.
    pub number: u32,
    /// The arguments; those of a 32-bit call are zero-extended.
    pub arguments: [u64; 6],
}

/// The rules of one architecture, for every number its table knows.
#[derive(Debug, Clone)]
pub struct Table {
    /// Whose numbers these are.
    pub arch: Arch,
    /// The rule of each known number.
    pub rules: BTreeMap<u32, Rule>,
}

/// The rules of every architecture the kernel serves; see [`super::profile`] for the default ones.
#[derive(Debug, Clone)]
pub struct Policy {
    /// The tables; the native one first, since it is looked up first.
    pub tables: Vec<Table>,
    /// Numbers in no table: calls newer than the tables, holes, and x32.
    pub unknown: Action,
    /// Architectures without a table.
    pub foreign: Action,
}

impl Policy {
    /// What happens to a call.
    pub fn decide(&self, call: &Call) -> Action {
        let Some(table) = self
            .tables
            .iter()
            .find(|table| table.arch.audit() == call.arch)
        else {
            return self.foreign;
        };
        match table.rules.get(&call.number) {
            None => self.unknown,
            Some(Rule::Always(action)) => *action,
            Some(Rule::When {
                argument,
                test,
                otherwise,
            }) => {
                if test.passes(call.arguments[usize::from(*argument)]) {
                    Action::Allow
                } else {
                    *otherwise
                }
            }
        }
    }
}
