//! The compiled default profile, run in the test machine on every architecture.

use std::sync::LazyLock;

use super::interpret::{Run, run};
use super::policy::{Action, Call, Policy, Rule, Table, Test};
use super::profile::Multiplexer;
use super::{Arch, Filter, profile};

const FAMILIES: [&[Arch]; 2] = [&[Arch::X86_64, Arch::X86], &[Arch::Aarch64, Arch::Arm]];

/// An architecture with its kernel's policy, compiled.
struct Compiled {
    arch: Arch,
    policy: Policy,
    filter: Filter,
}

/// Every architecture there is a profile for.
fn each() -> &'static [Compiled] {
    static ALL: LazyLock<Vec<Compiled>> = LazyLock::new(|| {
        let compiled = |arches: &[Arch], arch| {
            let policy = profile::policy(arches, Multiplexer::Allowed);
            Compiled {
                arch,
                filter: Filter::compile(&policy),
                policy,
            }
        };
        FAMILIES
            .into_iter()
            .flat_map(|arches| arches.iter().map(move |arch| compiled(arches, *arch)))
            .collect()
    });
    &ALL
}

fn number(arch: Arch, name: &str) -> Option<u32> {
    arch.calls()
        .into_iter()
        .find(|(_, known)| *known == name)
        .map(|(number, _)| number)
}

fn call(arch: Arch, number: u32, arguments: [u64; 6]) -> Call {
    Call {
        arch: arch.audit(),
        number,
        arguments,
    }
}

/// The decisions about a call by name, on each architecture that has it.
fn decisions(name: &str, arguments: [u64; 6]) -> Vec<(Arch, Run)> {
    let found: Vec<_> = each()
        .iter()
        .filter_map(|Compiled { arch, filter, .. }| {
            let arch = *arch;
            let number = number(arch, name)?;
            Some((arch, run(filter.program(), &call(arch, number, arguments))))
        })
        .collect();
    assert!(!found.is_empty(), "no architecture has {name}");
    found
}

fn assert_decision(name: &str, arguments: [u64; 6], expected: Action) {
    for (arch, run) in decisions(name, arguments) {
        assert_eq!(run.action, expected, "{name}{arguments:x?} on {arch:?}");
    }
}

fn refuse(errno: i32) -> Action {
    Action::Refuse(u16::try_from(errno).unwrap())
}

#[test]
fn ordinary_calls_are_allowed() {
    for name in "
        read write openat execve mmap mmap2 futex futex_time64 wait4 exit_group ptrace
        connect statx fstatat newfstatat set_tls cacheflush modify_ldt arch_prctl
        set_thread_area socketcall io_submit rseq landlock_create_ruleset seccomp
    "
    .split_whitespace()
    {
        assert_decision(name, [u64::MAX; 6], Action::Allow);
    }
}

#[test]
fn dangerous_calls_are_refused() {
    for name in "
        keyctl add_key request_key bpf userfaultfd io_uring_setup io_uring_enter
        io_uring_register perf_event_open kexec_load kexec_file_load init_module
        finit_module delete_module mount umount umount2 fsopen move_mount open_tree
        open_tree_attr fsconfig fsmount fspick mount_setattr pivot_root setns
        open_by_handle_at fanotify_init syslog reboot swapon iopl ioperm vm86 clock_settime
        pidfd_getfd sethostname
    "
    .split_whitespace()
    {
        assert_decision(name, [0; 6], refuse(libc::EPERM));
    }
}

#[test]
fn calls_with_a_fallback_look_absent() {
    for name in ["clone3", "statmount", "listmount", "lsm_set_self_attr"] {
        assert_decision(name, [0; 6], refuse(libc::ENOSYS));
    }
}

#[test]
fn new_namespaces_are_refused_and_threads_are_not() {
    // What glibc passes for a thread and for fork.
    let (thread, fork) = (0x003d_0f00, 0x0120_0011);
    assert_decision("clone", [thread, 0, 0, 0, 0, 0], Action::Allow);
    assert_decision("clone", [fork, 0, 0, 0, 0, 0], Action::Allow);
    assert_decision("unshare", [0x0000_0600, 0, 0, 0, 0, 0], Action::Allow);
    for flag in [17, 25, 26, 27, 28, 29, 30] {
        let with = |rest: u64| [rest | 1 << flag, 0, 0, 0, 0, 0];
        assert_decision("clone", with(0x11), refuse(libc::EPERM));
        assert_decision("unshare", with(0), refuse(libc::EPERM));
    }
    assert_decision("unshare", [0x80, 0, 0, 0, 0, 0], refuse(libc::EPERM));
}

#[test]
fn only_ordinary_socket_families_are_allowed() {
    for name in ["socket", "socketpair"] {
        for family in 0..=64 {
            let expected = match family {
                1 | 2 | 10 | 16 | 17 => Action::Allow,
                _ => refuse(libc::EAFNOSUPPORT),
            };
            assert_decision(name, [family, 1, 0, 0, 0, 0], expected);
        }
    }
}

#[test]
fn the_high_half_of_an_argument_hides_nothing() {
    let high = 0xdead_beef_0000_0000;
    assert_decision(
        "socket",
        [high | 38, 5, 0, 0, 0, 0],
        refuse(libc::EAFNOSUPPORT),
    );
    assert_decision("socket", [high | 2, 1, 0, 0, 0, 0], Action::Allow);
    assert_decision("ioctl", [0, high | 0x5412, 0, 0, 0, 0], refuse(libc::EPERM));
    assert_decision(
        "clone",
        [high | 0x1000_0000, 0, 0, 0, 0, 0],
        refuse(libc::EPERM),
    );
    assert_decision(
        "personality",
        [high | 0x0010_0000, 0, 0, 0, 0, 0],
        refuse(libc::EPERM),
    );
}

#[test]
fn nothing_is_typed_into_a_shared_terminal() {
    for (request, expected) in [
        (0x5412, refuse(libc::EPERM)),
        (0x541c, refuse(libc::EPERM)),
        (0x5401, Action::Allow),
        (0x5413, Action::Allow),
    ] {
        assert_decision("ioctl", [0, request, 0, 0, 0, 0], expected);
    }
}

#[test]
fn harmless_personalities_are_allowed() {
    for value in [0, 8, 0x0002_0000, 0x0004_0000, 0xffff_ffff] {
        assert_decision("personality", [value, 0, 0, 0, 0, 0], Action::Allow);
    }
    // MMAP_PAGE_ZERO, READ_IMPLIES_EXEC and PER_SVR4.
    for value in [0x0010_0000, 0x0040_0000, 0x0410_0001] {
        assert_decision("personality", [value, 0, 0, 0, 0, 0], refuse(libc::EPERM));
    }
}

#[test]
fn new_numbers_and_x32_look_absent() {
    for &Compiled {
        arch, ref filter, ..
    } in each()
    {
        for number in [
            470,
            471,
            600,
            0x0f_0000,
            0x4000_0000,
            0x4000_0001,
            0x4000_0208,
            u32::MAX,
        ] {
            let run = run(filter.program(), &call(arch, number, [0; 6]));
            assert_eq!(run.action, refuse(libc::ENOSYS), "{number:#x} on {arch:?}");
        }
    }
}

#[test]
fn a_foreign_architecture_is_killed() {
    for Compiled { policy, filter, .. } in each() {
        // AUDIT_ARCH_S390X, big-endian MIPS, nothing at all.
        for audit in [0x8000_0016, 0x0000_0008, 0] {
            assert!(
                policy
                    .tables
                    .iter()
                    .all(|table| table.arch.audit() != audit)
            );
            let call = Call {
                arch: audit,
                number: 0,
                arguments: [0; 6],
            };
            assert_eq!(run(filter.program(), &call).action, Action::Kill);
        }
    }
}

#[test]
fn the_program_agrees_with_the_policy_for_every_number() {
    let interesting = [
        0,
        1,
        2,
        8,
        10,
        16,
        17,
        38,
        40,
        0x80,
        0x5412,
        0x541c,
        0x0002_0000,
        0x1000_0000,
        0x4000_0000,
        0xffff_ffff,
        0x1_0000_0026,
        u64::MAX,
    ];
    let numbers = (0..1200)
        .chain(0x0e_fff0..0x0f_0010)
        .chain([0x4000_0000, u32::MAX]);
    for &Compiled {
        arch,
        ref policy,
        ref filter,
    } in each()
    {
        for number in numbers.clone() {
            for value in interesting {
                for argument in 0..2 {
                    let mut arguments = [0; 6];
                    arguments[argument] = value;
                    let call = call(arch, number, arguments);
                    let run = run(filter.program(), &call);
                    assert_eq!(run.action, policy.decide(&call), "{call:?} on {arch:?}");
                }
            }
        }
    }
}

#[test]
fn a_lookup_is_short() {
    for &Compiled {
        arch,
        ref policy,
        ref filter,
    } in each()
    {
        let native = policy.tables[0].arch == arch;
        let most = policy
            .tables
            .iter()
            .find(|table| table.arch == arch)
            .into_iter()
            .flat_map(|table| table.rules.keys())
            .map(|number| run(filter.program(), &call(arch, *number, [0; 6])))
            .filter(|run| !run.looked_at_arguments)
            .map(|run| run.steps)
            .max()
            .unwrap();
        assert!(
            most <= if native { 14 } else { 18 },
            "{most} instructions on {arch:?}"
        );
        let read = number(arch, "read").unwrap();
        let read = run(filter.program(), &call(arch, read, [0; 6])).steps;
        assert!(
            read <= if native { 12 } else { 15 },
            "{read} instructions for read on {arch:?}"
        );
        // BPF_MAXINSNS is 4,096; a filter per nested sandbox must fit into 32,768 together.
        assert!(
            filter.program().len() < 1024,
            "{} instructions",
            filter.program().len()
        );
    }
}

#[test]
fn allowed_calls_can_be_cached_by_the_kernel() {
    for &Compiled {
        arch,
        ref policy,
        ref filter,
    } in each()
    {
        for table in policy.tables.iter().filter(|table| table.arch == arch) {
            for (number, rule) in &table.rules {
                let run = run(filter.program(), &call(arch, *number, [0; 6]));
                let guarded = matches!(rule, Rule::When { .. });
                assert_eq!(run.looked_at_arguments, guarded, "{number} on {arch:?}");
            }
        }
    }
}

#[test]
fn a_search_with_far_branches_still_finds_its_leaf() {
    // Alternating rules make as many ranges as numbers: jumps of more than 255 instructions.
    let rules = (0..2000u32).map(|number| {
        let rule = match number % 3 {
            0 => Rule::Always(Action::Allow),
            1 => Rule::Always(refuse(libc::EPERM)),
            _ => Rule::When {
                argument: 3,
                test: Test::NoneOf(&[7, 9]),
                otherwise: refuse(99),
            },
        };
        (number, rule)
    });
    let table = Table {
        arch: Arch::X86_64,
        rules: rules.collect(),
    };
    let policy = Policy {
        tables: vec![table],
        unknown: refuse(libc::ENOSYS),
        foreign: Action::Kill,
    };
    let filter = Filter::compile(&policy);
    for number in 0..2100 {
        for value in [0, 7, 9, 0x1_0000_0009] {
            let call = call(Arch::X86_64, number, [7, 7, 7, value, 7, 7]);
            assert_eq!(
                run(filter.program(), &call).action,
                policy.decide(&call),
                "{call:?}"
            );
        }
    }
}

#[test]
fn the_brokered_profile_asks_about_new_sockets_of_the_multiplexer_only() {
    let policy = profile::policy(&[Arch::X86_64, Arch::X86], Multiplexer::Brokered);
    let filter = Filter::compile(&policy);
    let socketcall = number(Arch::X86, "socketcall").unwrap();
    for first in 0..32 {
        let asked = call(Arch::X86, socketcall, [first, 0, 0, 0, 0, 0]);
        let expected = if first == 1 {
            Action::Ask
        } else {
            Action::Allow
        };
        assert_eq!(
            run(filter.program(), &asked).action,
            expected,
            "call {first}"
        );
    }
    let socket = number(Arch::X86_64, "socket").unwrap();
    let direct = call(Arch::X86_64, socket, [2, 1, 0, 0, 0, 0]);
    assert_eq!(run(filter.program(), &direct).action, Action::Allow);
}
