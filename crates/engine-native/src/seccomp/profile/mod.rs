//! The default profile: which call is allowed, guarded, refused or absent.
//!
//! It starts from what container engines allow without added capabilities, so that what runs there
//! runs here, and takes away what a sandbox has no use for. Every call that the tables know stands
//! in exactly one list, by name; a call in none, and a number the tables don't know, answers
//! `ENOSYS`, which is what programs that try something new are prepared for.

mod allowed;
mod guarded;
mod refused;

use std::collections::BTreeMap;

use super::Arch;
use super::policy::{Action, Policy, Rule, Table, Test};

pub(super) use guarded::FAMILIES;

/// The policy for the tables of one kernel, the native one first.
pub(super) fn policy(arches: &[Arch], multiplexer: Multiplexer) -> Policy {
    let listed = listed(multiplexer);
    Policy {
        tables: arches.iter().map(|arch| table(*arch, &listed)).collect(),
        unknown: ABSENT,
        foreign: Action::Kill,
    }
}

/// The rules of one architecture.
fn table(arch: Arch, listed: &BTreeMap<&str, Rule>) -> Table {
    let rule = |name| listed.get(name).copied().unwrap_or(Rule::Always(ABSENT));
    let rules = arch
        .calls()
        .into_iter()
        .map(|(number, name)| (number, rule(name)))
        .collect();
    Table { arch, rules }
}

const FORBIDDEN: Action = Action::Refuse(errno(libc::EPERM));
const ABSENT: Action = Action::Refuse(errno(libc::ENOSYS));

/// All lists as one.
fn listed(multiplexer: Multiplexer) -> BTreeMap<&'static str, Rule> {
    entries(multiplexer).collect()
}

/// Each name of each list with its rule.
fn entries(multiplexer: Multiplexer) -> impl Iterator<Item = (&'static str, Rule)> {
    let always = |groups, action| names(groups).map(move |name| (name, Rule::Always(action)));
    always(allowed::ALLOWED, Action::Allow)
        .chain(always(refused::REFUSED, FORBIDDEN))
        .chain(always(refused::ABSENT, ABSENT))
        .chain(guarded::GUARDED.iter().copied())
        .chain([(SOCKETCALL, multiplexer.rule())])
}

/// The names in groups of white-space separated ones.
fn names(groups: &'static [&'static str]) -> impl Iterator<Item = &'static str> {
    groups.iter().flat_map(|group| group.split_whitespace())
}

/// The multiplexer of all socket calls on i386. Its arguments lie behind a pointer, so a filter
/// can't see the family; and it can't be refused, since glibc built for kernels before 4.3 (all of
/// Debian's and Ubuntu's i386) and Go's 386 port know no other way, Wine and Steam with them
/// (moby/moby#52506).
const SOCKETCALL: &str = "socketcall";

/// The first argument of `socketcall` when it makes a socket (`linux/net.h`). Call 8, a pair of
/// sockets, needs no broker: no family but `AF_UNIX` and `AF_TIPC` makes pairs.
pub(super) const SYS_SOCKET: u32 = 1;

/// What becomes of new sockets by [`SOCKETCALL`].
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Multiplexer {
    /// They are allowed, of whatever family.
    Allowed,
    /// The broker makes them, of the families that `socket` allows.
    Brokered,
}

impl Multiplexer {
    fn rule(self) -> Rule {
        match self {
            Multiplexer::Allowed => Rule::Always(Action::Allow),
            Multiplexer::Brokered => Rule::When {
                argument: 0,
                test: Test::NoneOf(&[SYS_SOCKET]),
                otherwise: Action::Ask,
            },
        }
    }
}

/// An `errno` as the filter's return value carries it: 12 bits (`MAX_ERRNO` is 4095).
const fn errno(value: i32) -> u16 {
    (value & 0xfff) as u16
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    const ALL: [Arch; 4] = [Arch::X86_64, Arch::X86, Arch::Aarch64, Arch::Arm];

    #[test]
    fn every_known_call_is_in_a_list() {
        let listed = listed(Multiplexer::Allowed);
        for arch in ALL {
            for name in arch.calls().into_values() {
                assert!(
                    listed.contains_key(name),
                    "{name} of {arch:?} is in no list"
                );
            }
        }
    }

    #[test]
    fn no_name_is_in_two_lists() {
        let mut seen = BTreeSet::new();
        for (name, _) in entries(Multiplexer::Allowed) {
            assert!(seen.insert(name), "{name} is listed twice");
        }
    }

    #[test]
    fn every_name_is_a_call_of_some_architecture() {
        let known: BTreeSet<&str> = ALL
            .iter()
            .flat_map(|arch| arch.calls().into_values())
            .collect();
        for (name, _) in entries(Multiplexer::Allowed) {
            assert!(
                known.contains(name),
                "{name} is no system call; is it misspelt?"
            );
        }
    }
}
