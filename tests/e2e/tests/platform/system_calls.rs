//! What a program in a sandbox may ask of the kernel, as root, in the start and in an exec.

use ctnr_e2e::{Backend, Sandbox, eventually, with_probe, with_socket32};
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
    "engine-socket",
];

/// What programs need.
const ALLOWED: &[&str] = &["nothing", "inet", "inet6", "unix"];

/// The same for the 32-bit interface, through which a filter of 64-bit calls does not look.
const REFUSED_32: &[&str] = &[
    "alg32",
    "vsock32",
    "alg-multiplexed",
    "vsock-multiplexed",
    "keyctl32",
    "unshare32",
    "bpf32",
    // The brokered profile, by which the families above are refused, has the only one.
    "listener",
];
const ALLOWED_32: &[&str] = &["inet32", "inet-multiplexed", "unix-multiplexed"];

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

/// What `/socket32` can make: 97 is `EAFNOSUPPORT`, and raw sockets want a capability.
const SOCKETS_32: &str =
    "inet ok\ninet6 ok\nunix ok\nnetlink ok\nping ok\nalg 097\nvsock 097\nraw 001\npacket 001\n";

/// Ordinary networking of 32-bit programs works, through the multiplexer whose arguments no filter
/// sees, and nothing but that comes through it.
#[test]
fn networking_of_32_bit_programs() {
    if !cfg!(target_arch = "x86_64") {
        return;
    }
    let backend = Backend::builder().image(with_socket32()).start();
    let sandbox = backend.api().create(&json!({
        "image": "busybox", "cmd": ["/socket32"], "ports": ["80/tcp"],
    }));
    let port = sandbox.port("80/tcp");
    let told = || -> std::io::Result<String> {
        let mut text = String::new();
        let mut stream = std::net::TcpStream::connect(("127.0.0.1", port))?;
        std::io::Read::read_to_string(&mut stream, &mut text)?;
        Ok(text)
    };
    eventually("a 32-bit server's answer", || match told() {
        Ok(text) if text == SOCKETS_32 => Ok(()),
        other => Err(format!("{other:?}")),
    });
    for user in ["0", "user"] {
        let ask = sandbox.exec_as(&json!({ "cmd": ["/socket32", "ask"], "user": user }));
        assert_eq!(ask.ok(), SOCKETS_32);
    }
    sandbox.detach(&json!({
        "cmd": ["sh", "-c", "/socket32 ask > /tmp/told"], "tty": true,
    }));
    eventually("an answer to a detached command", || {
        match sandbox.sh("cat /tmp/told").stdout {
            text if text == SOCKETS_32 => Ok(()),
            text => Err(text),
        }
    });
    // Processes that make such sockets are there for those who asked, and go with them.
    let before = backend.processes().len();
    assert_eq!(sandbox.exec(&["true"]).code, 0);
    eventually("the commands' own processes to be gone", || {
        match backend.processes().len() {
            count if count <= before => Ok(()),
            count => Err(format!("{count}, {before} before")),
        }
    });
    backend.api().delete(&sandbox.path("")).expect(204);
    eventually("all of them to be gone", || {
        match backend.processes().len() {
            0..=2 => Ok(()),
            count => Err(count.to_string()),
        }
    });
}
