//! From a policy to classic BPF.
//!
//! ```text
//! load arch ── is it the native one? ── load number ── binary search over ranges ── leaf
//!                    └ no: is it the 32-bit one? ── load number ── ...
//!                                └ no: foreign
//! ```
//!
//! Neighbouring numbers with the same rule form one range, so a lookup costs one comparison per
//! halving of the ranges and not one per system call. Up to the leaf of a rule without arguments
//! only the architecture and the number are loaded; that is what the kernel's cache of constantly
//! allowed calls asks of a program (`seccomp_is_const_allow` in `kernel/seccomp.c`).

use libc::sock_filter;

use super::policy::{Action, Policy, Rule, Table, Test};

/// `BPF_LD | BPF_W | BPF_ABS`: load a word of `seccomp_data`.
pub(super) const LOAD: u16 = 0x20;
/// `BPF_JMP | BPF_JA`: jump ahead by `k`.
pub(super) const JUMP: u16 = 0x05;
/// `BPF_JMP | BPF_JEQ | BPF_K`: is the word `k`?
pub(super) const IF_EQUAL: u16 = 0x15;
/// `BPF_JMP | BPF_JGE | BPF_K`: is the word at least `k`?
pub(super) const IF_AT_LEAST: u16 = 0x35;
/// `BPF_JMP | BPF_JSET | BPF_K`: has the word a bit of `k`?
pub(super) const IF_ANY_BIT: u16 = 0x45;
/// `BPF_RET | BPF_K`: decide.
pub(super) const RETURN: u16 = 0x06;

/// Offset of `nr` in `seccomp_data`.
pub(super) const NUMBER: u32 = 0;
/// Offset of `arch` in `seccomp_data`.
pub(super) const ARCH: u32 = 4;

/// Offset of the low half of an argument in `seccomp_data`.
pub(super) const fn low_half(argument: u8) -> u32 {
    let half = if cfg!(target_endian = "big") { 4 } else { 0 };
    16 + 8 * argument as u32 + half
}

/// Numbers from `first` up to the next range's, which share a rule.
struct Range {
    first: u32,
    rule: Rule,
}

/// Compiles a policy.
pub(super) fn compile(policy: &Policy) -> Vec<sock_filter> {
    let mut program = vec![statement(LOAD, ARCH)];
    for table in &policy.tables {
        let mut body = vec![statement(LOAD, NUMBER)];
        body.extend(search(&ranges(table, policy.unknown)));
        program.push(branch(IF_EQUAL, table.arch.audit(), 1, 0));
        program.push(skip(&body));
        program.append(&mut body);
    }
    program.push(decide(policy.foreign));
    program
}

/// The ranges of a table in rising order, from 0 to the last number there is, without a gap.
fn ranges(table: &Table, unknown: Action) -> Vec<Range> {
    let mut ranges: Vec<Range> = Vec::new();
    let mut push = |first: u32, rule: Rule| match ranges.last() {
        Some(last) if last.rule == rule => {}
        _ => ranges.push(Range { first, rule }),
    };
    let mut next = 0;
    for (&number, &rule) in &table.rules {
        if number > next {
            push(next, Rule::Always(unknown));
        }
        push(number, rule);
        next = number.saturating_add(1);
    }
    push(next, Rule::Always(unknown));
    ranges
}

/// A balanced search for the range of the loaded number.
fn search(ranges: &[Range]) -> Vec<sock_filter> {
    if let [only] = ranges {
        return leaf(only.rule);
    }
    let (low, high) = ranges.split_at(ranges.len() / 2);
    let pivot = high[0].first;
    let low = search(low);
    let mut program = match u8::try_from(low.len()) {
        Ok(distance) => vec![branch(IF_AT_LEAST, pivot, distance, 0)],
        // A conditional jump reaches 255 instructions; a plain one reaches all.
        Err(_) => vec![branch(IF_AT_LEAST, pivot, 0, 1), skip(&low)],
    };
    program.extend(low);
    program.extend(search(high));
    program
}

/// The decision of a rule.
fn leaf(rule: Rule) -> Vec<sock_filter> {
    let (argument, test, otherwise) = match rule {
        Rule::Always(action) => return vec![decide(action)],
        Rule::When {
            argument,
            test,
            otherwise,
        } => (argument, test, otherwise),
    };
    let mut program = vec![statement(LOAD, low_half(argument))];
    match test {
        Test::Without(mask) => {
            program.push(branch(IF_ANY_BIT, mask, 0, 1));
            program.push(decide(otherwise));
            program.push(decide(Action::Allow));
        }
        Test::OneOf(values) => {
            program.extend(chain(values));
            program.push(decide(otherwise));
            program.push(decide(Action::Allow));
        }
        Test::NoneOf(values) => {
            program.extend(chain(values));
            program.push(decide(Action::Allow));
            program.push(decide(otherwise));
        }
    }
    program
}

/// Compares the loaded word with each value: at a match goes on one instruction behind the chain,
/// else right behind it.
fn chain(values: &[u32]) -> impl Iterator<Item = sock_filter> {
    let after = |index: usize| u8::try_from(values.len() - index).unwrap_or(u8::MAX);
    values
        .iter()
        .enumerate()
        .map(move |(index, value)| branch(IF_EQUAL, *value, after(index), 0))
}

/// A jump over a block.
fn skip(block: &[sock_filter]) -> sock_filter {
    statement(JUMP, u32::try_from(block.len()).unwrap_or(u32::MAX))
}

/// `SECCOMP_RET_*` for an action.
fn decide(action: Action) -> sock_filter {
    let value = match action {
        Action::Allow => libc::SECCOMP_RET_ALLOW,
        Action::Refuse(errno) => libc::SECCOMP_RET_ERRNO | u32::from(errno),
        Action::Ask => libc::SECCOMP_RET_USER_NOTIF,
        Action::Kill => libc::SECCOMP_RET_KILL_PROCESS,
    };
    statement(RETURN, value)
}

const fn statement(code: u16, k: u32) -> sock_filter {
    sock_filter {
        code,
        jt: 0,
        jf: 0,
        k,
    }
}

const fn branch(code: u16, k: u32, jt: u8, jf: u8) -> sock_filter {
    sock_filter { code, jt, jf, k }
}
