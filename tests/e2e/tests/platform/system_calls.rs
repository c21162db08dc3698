//! What a program in a sandbox may ask of the kernel, as root, in the start and in an exec.

use ctnr_e2e::{Backend, Sandbox, eventually, with_probe};
use serde_json::json;

/// What must be refused.
const REFUSED: &[&str] = &[
    "keyctl",
    "add_key",
    "request_key",
    "bpf",
    "userfaultfd",
    "io_uring",
    "perf",
    "unshare-user",
    "unshare-mount",
    "unshare-cgroup",
    "clone-user",
    "clone-mount",
    "clone3",
    "setns",
    "mount",
    "bind",
    "remount",
    "remount-sys",
    "mount-proc",
    "mount-cgroup",
    "umount",
    "fsopen",
    "open_tree",
    "pivot_root",
    "open_by_handle",
    "init_module",
    "finit_module",
    "kexec",
    "reboot",
    "swapon",
    "acct",
    "sethostname",
    "clock",
    "syslog",
    "vsock",
    "alg",
    "packet",
];

/// What programs need.
const ALLOWED: &[&str] = &["nothing", "inet", "inet6", "unix"];

/// The same for the 32-bit interface, through which a filter of 64-bit calls does not look.
const REFUSED_32: &[&str] = &["alg32", "vsock32", "keyctl32", "unshare32", "bpf32"];
const ALLOWED_32: &[&str] = &["inet32"];

#[track_caller]
fn check(output: &str, refused: &[&str], allowed: &[&str]) {
    let answer = |what: &&str| {
        let line = output
            .lines()
            .find_map(|line| line.strip_prefix(&format!("{what}: ")));
        line.unwrap_or_else(|| panic!("{what} was not tried: {output}"))
            .to_owned()
    };
    let let_through: Vec<_> = refused.iter().filter(|what| answer(what) == "ok").collect();
    let stopped: Vec<_> = allowed.iter().filter(|what| answer(what) != "ok").collect();
    assert!(
        let_through.is_empty() && stopped.is_empty(),
        "let through: {let_through:?}, stopped: {stopped:?}\n{output}"
    );
}

fn arguments(refused: &[&'static str], allowed: &[&'static str]) -> Vec<&'static str> {
    [&["/probe"], refused, allowed].concat()
}

fn log_of(sandbox: &Sandbox, last: &str) -> String {
    sandbox.ended();
    eventually("the log", || match sandbox.logs("") {
        log if log.contains(&format!("{last}: ")) => Ok(log),
        log => Err(log),
    })
}

#[test]
fn dangerous_calls_are_refused() {
    let backend = Backend::builder().image(with_probe()).start();
    let tries = arguments(REFUSED, ALLOWED);
    let start = backend
        .api()
        .create(&json!({ "image": "busybox", "cmd": tries }));
    check(&log_of(&start, ALLOWED.last().unwrap()), REFUSED, ALLOWED);
    let sandbox = backend
        .api()
        .create(&json!({ "image": "busybox", "cmd": ["sleep", "1000"] }));
    check(&sandbox.exec(&tries).ok(), REFUSED, ALLOWED);
    let user = sandbox.exec_as(&json!({ "cmd": tries, "user": "user" }));
    check(&user.ok(), REFUSED, ALLOWED);
    if cfg!(target_arch = "x86_64") {
        let tries = arguments(REFUSED_32, ALLOWED_32);
        check(&sandbox.exec(&tries).ok(), REFUSED_32, ALLOWED_32);
    }
}
