//! A machine for the subset of classic BPF that the compiler emits, for tests.

use libc::sock_filter;

use super::compile::{
    ARCH, IF_ANY_BIT, IF_AT_LEAST, IF_EQUAL, JUMP, LOAD, NUMBER, RETURN, low_half,
};
use super::policy::{Action, Call};

/// What a program did with a call.
pub(super) struct Run {
    /// The decision.
    pub(super) action: Action,
    /// How many instructions it took.
    pub(super) steps: usize,
    /// Whether anything but the number and the architecture was loaded, which keeps a call out of
    /// the kernel's cache.
    pub(super) looked_at_arguments: bool,
}

/// Runs a program; anything the kernel's verifier would refuse panics.
pub(super) fn run(program: &[sock_filter], call: &Call) -> Run {
    let (mut at, mut word, mut looked) = (0, 0, false);
    for steps in 1..=program.len() {
        let instruction = program[at];
        let k = instruction.k;
        let jump = |taken: bool| {
            usize::from(if taken {
                instruction.jt
            } else {
                instruction.jf
            })
        };
        at += 1;
        match instruction.code {
            LOAD => {
                word = load(k, call);
                looked |= k != NUMBER && k != ARCH;
            }
            JUMP => at += k as usize,
            IF_EQUAL => at += jump(word == k),
            IF_AT_LEAST => at += jump(word >= k),
            IF_ANY_BIT => at += jump(word & k != 0),
            RETURN => {
                return Run {
                    action: action(k),
                    steps,
                    looked_at_arguments: looked,
                };
            }
            other => panic!("instruction {other:#x} is not one the compiler emits"),
        }
    }
    panic!("the program came to no decision about {call:?}");
}

fn load(offset: u32, call: &Call) -> u32 {
    match offset {
        NUMBER => call.number,
        ARCH => call.arch,
        _ => {
            let argument = (0..6)
                .find(|n| low_half(*n) == offset)
                .expect("a known offset");
            u32::try_from(call.arguments[usize::from(argument)] & 0xffff_ffff).expect("32 bits")
        }
    }
}

fn action(value: u32) -> Action {
    match value & libc::SECCOMP_RET_ACTION_FULL {
        libc::SECCOMP_RET_ALLOW => Action::Allow,
        libc::SECCOMP_RET_ERRNO => {
            Action::Refuse(u16::try_from(value & libc::SECCOMP_RET_DATA).expect("16 bits"))
        }
        libc::SECCOMP_RET_USER_NOTIF => Action::Ask,
        libc::SECCOMP_RET_KILL_PROCESS => Action::Kill,
        other => panic!("return value {other:#x} is not one the compiler emits"),
    }
}
