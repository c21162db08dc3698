//! What a sandbox does not see and can't do.

use super::Bench;
use super::bench::unique;
use super::sandbox::command;

/// The capabilities of root in a sandbox: CHOWN, DAC_OVERRIDE, FOWNER, FSETID, KILL, SETGID,
/// SETUID, SETPCAP, NET_BIND_SERVICE, SYS_CHROOT, SETFCAP (capabilities(7)).
const CAPABILITIES: [u32; 11] = [0, 1, 3, 4, 5, 6, 7, 8, 10, 18, 31];

/// A sandbox sees its own processes, and its program is the first.
pub async fn processes_are_its_own(bench: Bench) {
    let sandbox = bench.running().await;
    let numbers = sandbox.read("ls /proc | grep '^[0-9]*$' | wc -l").await;
    let numbers: u32 = numbers.parse().expect("a number");
    assert!(numbers < 12, "{numbers} processes are seen");
    assert!(
        sandbox
            .read("cat /proc/1/cmdline | tr '\\0' ' '")
            .await
            .contains("trap")
    );
    let host = std::fs::read_link("/proc/self/ns/pid").expect("a namespace");
    for namespace in ["pid", "mnt", "net", "ipc", "uts"] {
        let host = std::fs::read_link(format!("/proc/self/ns/{namespace}")).expect("a namespace");
        let own = sandbox
            .read(&format!("readlink /proc/self/ns/{namespace}"))
            .await;
        assert_ne!(host.to_str(), Some(own.as_str()), "{namespace}");
    }
    assert!(host.to_str().is_some());
}

/// The host name is the beginning of the id, as Docker's users expect.
pub async fn the_hostname_is_the_id(bench: Bench) {
    let sandbox = bench.running().await;
    assert_eq!(sandbox.read("hostname").await, sandbox.id().short());
}

/// No file of the host is there, by path or by mount.
pub async fn the_hosts_files_are_not_there(bench: Bench) {
    let marker = std::env::temp_dir().join(format!("ctnr-contract-{}", unique()));
    std::fs::write(&marker, "the host's").expect("a marker is written");
    let sandbox = bench.running().await;
    let at = marker.to_str().expect("a path of text");
    let output = sandbox
        .sh(&format!("cat {at} /proc/1/root{at} /proc/self/cwd/..{at}"))
        .await;
    std::fs::remove_file(&marker).expect("the marker is removed");
    assert_eq!(output.stdout, "");
    assert_eq!(
        sandbox.read("cat /etc/passwd").await,
        super::image::PASSWD.trim_end()
    );
    assert_eq!(
        sandbox
            .sh("ls /dev/sda /dev/vda /dev/kmsg /dev/mem 2>/dev/null")
            .await
            .stdout,
        ""
    );
}

/// Programs have their three streams and no descriptor besides.
pub async fn no_descriptor_is_inherited(bench: Bench) {
    let sandbox = bench.running().await;
    // The fourth is the directory that ls reads.
    let output = sandbox
        .run(&command(&["ls", "/proc/self/fd"]))
        .await
        .expect("it runs");
    assert_eq!(output.stdout, "0\n1\n2\n3\n");
    let first = sandbox.read("ls /proc/1/fd | tr '\\n' ' '").await;
    // The shell keeps its own script's descriptor at 10, where it has one.
    assert!(
        first.starts_with("0 1 2") && !first.contains(" 3 "),
        "{first}"
    );
}

/// What concerns the whole kernel can't be written, and what tells secrets can't be read.
pub async fn kernel_settings_are_read_only(bench: Bench) {
    let sandbox = bench.running().await;
    for script in [
        "echo 1 > /proc/sys/kernel/panic",
        "echo core > /proc/sys/kernel/core_pattern",
        "echo h > /proc/sysrq-trigger",
        "echo 1 > /sys/kernel/mm/ksm/run",
        "cd /sys/fs/cgroup; [ -e cgroup.controllers ] || cd pids; mkdir own",
        "mknod /tmp/disk b 8 0",
        "cat /proc/kcore | head -c 1 | grep -q .",
        "cat /proc/timer_list | grep -q .",
        "cat /proc/keys | grep -q .",
        "ls /sys/firmware/* 2>/dev/null | grep -q .",
    ] {
        let output = sandbox.sh(script).await;
        assert_ne!(output.status.code, 0, "{script}: {output:?}");
    }
    assert_eq!(
        sandbox
            .read("echo x > /dev/null; head -c 2 /dev/zero | wc -c")
            .await,
        "2"
    );
}

/// Root in a sandbox has few capabilities, others none, and none can be gained.
pub async fn capabilities_are_few(bench: Bench) {
    let sandbox = bench.running().await;
    let expected: u64 = CAPABILITIES.iter().map(|bit| 1_u64 << bit).sum();
    let field = |status: &str, name: &str| {
        let line = status.lines().find_map(|line| line.strip_prefix(name));
        line.unwrap_or_else(|| panic!("no {name}"))
            .trim()
            .to_owned()
    };
    let first = sandbox.read("cat /proc/1/status").await;
    let exec = sandbox.read("cat /proc/self/status").await;
    for status in [&first, &exec] {
        for set in ["CapEff:", "CapPrm:", "CapBnd:"] {
            let bits = u64::from_str_radix(&field(status, set), 16).expect("a number");
            assert_eq!(bits, expected, "{set} {bits:x} instead of {expected:x}");
        }
        assert_eq!(field(status, "CapAmb:"), "0000000000000000");
        assert_eq!(field(status, "NoNewPrivs:"), "1");
        assert_eq!(field(status, "Seccomp:"), "2");
    }
    let mut user = command(&["cat", "/proc/self/status"]);
    user.user = Some("user".parse().expect("a user"));
    let user = sandbox.run(&user).await.expect("it runs").stdout;
    assert_eq!(field(&user, "CapEff:"), "0000000000000000");
    assert_eq!(field(&user, "NoNewPrivs:"), "1");
}

/// Nothing can be mounted, and no namespace entered.
pub async fn mounts_are_refused(bench: Bench) {
    let sandbox = bench.running().await;
    for script in [
        "mkdir -p /tmp/m; mount -t tmpfs none /tmp/m",
        "mount -t proc proc /tmp",
        "mount -o remount,rw /proc/sys",
        "umount /proc",
        "unshare -m true",
        "unshare -U true",
        "chroot /proc/1/root mount -t tmpfs none /mnt",
    ] {
        let output = sandbox.sh(script).await;
        assert_ne!(output.status.code, 0, "{script}: {output:?}");
    }
}
