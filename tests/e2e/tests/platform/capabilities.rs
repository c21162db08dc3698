//! The rights of root in a sandbox, and what of the host it sees and can set.

use ctnr_e2e::{Backend, Sandbox, eventually};
use serde_json::json;

fn field<'a>(status: &'a str, name: &str) -> &'a str {
    let line = status
        .lines()
        .find_map(|line| line.strip_prefix(&format!("{name}:")));
    line.unwrap_or_else(|| panic!("no {name} in {status}"))
        .trim()
}

fn bits(status: &str, name: &str) -> u64 {
    u64::from_str_radix(field(status, name), 16).unwrap()
}

fn sleeper(backend: &Backend) -> Sandbox {
    backend
        .api()
        .create(&json!({ "image": "busybox", "cmd": ["sleep", "1000"] }))
}

/// Root's capabilities, no-new-privileges and the filter are those of the start in an exec too.
#[test]
fn rights_in_start_and_exec() {
    let backend = Backend::native();
    let sandbox = backend.api().create(&json!({
        "image": "busybox", "cmd": ["sh", "-c", "cat /proc/self/status; exec sleep 1000"],
    }));
    let start = eventually("the status in the log", || match sandbox.logs("") {
        log if log.contains("nonvoluntary_ctxt_switches") => Ok(log),
        log => Err(log),
    });
    let exec = sandbox.exec(&["cat", "/proc/self/status"]).ok();
    let user = sandbox
        .exec_as(&json!({ "cmd": ["cat", "/proc/self/status"], "user": "user" }))
        .ok();
    // Of capabilities(7): DAC_READ_SEARCH, NET_ADMIN, SYS_MODULE, SYS_RAWIO, SYS_PTRACE, SYS_ADMIN,
    // SYS_BOOT, SYS_TIME, MKNOD, MAC_ADMIN, SYSLOG, BPF.
    let dangerous = [2, 12, 16, 17, 19, 21, 22, 25, 27, 33, 34, 39];
    for status in [&start, &exec, &user] {
        assert_eq!(field(status, "NoNewPrivs"), "1");
        assert_eq!(field(status, "Seccomp"), "2");
        assert_eq!(bits(status, "CapInh"), 0);
        assert_eq!(bits(status, "CapAmb"), 0);
        assert_eq!(bits(status, "CapBnd"), bits(&start, "CapBnd"));
        for capability in dangerous {
            assert_eq!(
                bits(status, "CapBnd") >> capability & 1,
                0,
                "{capability}: {status}"
            );
        }
    }
    assert_eq!(bits(&exec, "CapEff"), bits(&start, "CapEff"));
    assert_eq!(bits(&exec, "CapPrm"), bits(&start, "CapPrm"));
    assert_eq!(bits(&user, "CapEff"), 0);
    assert_eq!(bits(&user, "CapPrm"), 0);
    assert!(matches!(field(&user, "Groups"), "" | "1000"), "{user}");
}

/// Each sandbox has ids of the host for itself alone.
#[test]
fn root_inside_is_nobody_outside() {
    let backend = Backend::native();
    let (one, two) = (sleeper(&backend), sleeper(&backend));
    let first_id = |sandbox: &Sandbox| {
        let map = sandbox.exec(&["cat", "/proc/self/uid_map"]).ok();
        let numbers: Vec<u32> = map
            .split_whitespace()
            .map(|word| word.parse().unwrap())
            .collect();
        assert_eq!(numbers[0], 0, "{map}");
        (numbers[1], numbers[2])
    };
    let (a, b) = (first_id(&one), first_id(&two));
    assert!(a.0 >= 65_536 && b.0 >= 65_536, "{a:?} {b:?}");
    assert!(a.0.abs_diff(b.0) >= a.1.min(b.1), "{a:?} and {b:?} overlap");
    // And the host agrees.
    let status = std::fs::read_to_string(format!("/proc/{}/status", one.pid())).unwrap();
    assert!(
        field(&status, "Uid").starts_with(&a.0.to_string()),
        "{status}"
    );
}

/// Nothing of the host can be set through `/proc` and `/sys`, and nothing secret be read.
#[test]
fn the_kernels_files() {
    let backend = Backend::native();
    let sandbox = sleeper(&backend);
    let core_pattern = std::fs::read_to_string("/proc/sys/kernel/core_pattern").unwrap();
    for line in [
        "echo '|/tmp/evil' > /proc/sys/kernel/core_pattern",
        "echo 1 > /proc/sys/kernel/panic",
        "echo h > /proc/sysrq-trigger",
        "echo 1 > /proc/sys/vm/drop_caches",
        "echo /tmp/evil > /sys/kernel/uevent_helper",
        "echo x > /sys/power/state",
        "mkdir /sys/fs/cgroup/evil",
        "echo /tmp/evil > /sys/fs/cgroup/release_agent",
        "echo -1000 > /proc/1/oom_score_adj",
        "mount -o remount,rw /proc/sys",
        "mount -o remount,rw /sys",
        "umount /proc/sys",
        "umount -l /proc/kcore",
        "unshare -m true",
        "unshare -r true",
        "chroot / unshare -m true",
        "hostname evil",
        "nsenter -t 1 -m true && exit 1; nsenter --mount=/proc/1/ns/mnt true",
        "mknod /tmp/mem c 1 1",
        "mknod /tmp/disk b 8 0",
        "cat /proc/kmsg",
        "dmesg",
        "losetup /dev/loop0 /bin/busybox",
        "insmod /bin/busybox",
        "swapon /bin/busybox",
    ] {
        let tried = sandbox.sh(line);
        assert_ne!(tried.code, 0, "{line}: {tried:?}");
    }
    assert_eq!(
        std::fs::read_to_string("/proc/sys/kernel/core_pattern").unwrap(),
        core_pattern
    );
    for path in [
        "/proc/kcore",
        "/proc/keys",
        "/proc/timer_list",
        "/proc/sched_debug",
    ] {
        let read = sandbox.sh(&format!("head -c 1 {path} | wc -c"));
        assert_eq!(read.stdout, "0\n", "{path}");
    }
    assert_eq!(
        sandbox.sh("ls -A /sys/firmware 2>/dev/null | wc -l").stdout,
        "0\n"
    );
    let mounts = sandbox.exec(&["cat", "/proc/self/mountinfo"]).ok();
    let data = backend.data().display().to_string();
    assert!(!mounts.contains(&data), "the host's paths show: {mounts}");
    for line in mounts.lines() {
        // What a sandbox mounts may never go to the host, nor come from there.
        assert!(!line.contains(" shared:"), "{line}");
    }
}

/// A sandbox sees its own processes, and those of an exec do not outlive it.
#[test]
fn processes_of_its_own() {
    let backend = Backend::native();
    let sandbox = sleeper(&backend);
    let _neighbour = sleeper(&backend);
    let listed = sandbox.sh("ls /proc | grep -c '^[0-9]'").ok();
    let count: u32 = listed.trim().parse().unwrap();
    assert!(count <= 6, "{}", sandbox.exec(&["ps"]).output);
    for line in ["cat /proc/1/environ", "cat /proc/1/cmdline"] {
        let text = sandbox.sh(line).stdout;
        for secret in ["CONTAINERS_", "DATABASE_URL", "ctnr-launcher"] {
            assert!(!text.contains(secret), "{line}: {text}");
        }
    }
    let all = sandbox
        .sh("cat /proc/[0-9]*/environ /proc/[0-9]*/cmdline | tr '\\0' '\\n'")
        .stdout;
    assert!(
        !all.contains("DATABASE_URL") && !all.contains("CONTAINERS_"),
        "{all}"
    );
}
