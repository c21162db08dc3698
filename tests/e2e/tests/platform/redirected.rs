//! Writes of the engine that an image or a sandbox tries to lead to the kernel's own files
//! (CVE-2025-52881, CVE-2025-31133, CVE-2025-52565).

use ctnr_e2e::{Backend, Image, Item, Sandbox};
use serde_json::json;

/// What a write would change for the whole host, or for the process that writes.
const KERNEL_FILES: &[&str] = &[
    "/proc/sys/kernel/core_pattern",
    "/proc/sysrq-trigger",
    "/proc/self/attr/current",
    "/proc/self/attr/exec",
    "/proc/self/oom_score_adj",
    "/proc/self/uid_map",
    "/proc/thread-self/attr/exec",
    "/proc/sys/net/ipv4/ip_unprivileged_port_start",
    "/sys/kernel/uevent_helper",
    "/sys/fs/cgroup/release_agent",
];

/// The host's settings that those would change.
fn host() -> Vec<Option<String>> {
    [
        "/proc/sys/kernel/core_pattern",
        "/proc/sys/net/ipv4/ip_unprivileged_port_start",
        "/sys/kernel/uevent_helper",
    ]
    .map(|path| std::fs::read_to_string(path).ok())
    .into()
}

/// What the engine writes at each start, made links to the kernel's files: plain files take their
/// place, and nothing is written through.
#[test]
fn files_that_each_start_writes() {
    let mut backend = Backend::native();
    let before = host();
    for (number, target) in KERNEL_FILES.iter().enumerate() {
        let links = ["etc/hosts", "etc/hostname", "etc/resolv.conf"];
        let items: Vec<Item> = links.map(|link| Item::symlink(link, target)).into();
        let name = format!("redirected:{number}");
        backend.import(&Image::hostile(&name, &items));
        let sandbox = backend
            .api()
            .create(&json!({ "image": name, "cmd": ["sleep", "1000"] }));
        for link in links {
            let kind = sandbox.sh(&format!("stat -c %F /{link}")).ok();
            assert_eq!(kind, "regular file\n", "/{link} to {target}");
        }
        let port = "/proc/sys/net/ipv4/ip_unprivileged_port_start";
        assert_eq!(sandbox.exec(&["cat", port]).ok(), "0\n", "{target}");
        sandbox.delete();
    }
    assert_eq!(host(), before);
}

/// File transfer to the kernel's files, directly and through links, by a file and by an archive.
#[test]
fn files_that_are_sent() {
    let backend = Backend::native();
    let before = host();
    let sandbox = backend
        .api()
        .create(&json!({ "image": "busybox", "cmd": ["sleep", "1000"] }));
    let scores = |sandbox: &Sandbox| sandbox.exec(&["cat", "/proc/1/oom_score_adj"]).ok();
    let score = scores(&sandbox);
    sandbox
        .sh("ln -s /proc /p; ln -s /sys /s; ln -s /proc/1/root/proc /q")
        .ok();
    for file in KERNEL_FILES
        .iter()
        .chain(&["/proc/1/oom_score_adj", "/proc/1/mem"])
    {
        for path in [
            (*file).to_owned(),
            file.replacen("/proc", "/p", 1).replacen("/sys", "/s", 1),
            file.replacen("/proc", "/q", 1),
        ] {
            let sent = backend.api().send(
                "PUT",
                &sandbox.path(&format!("/files?path={path}")),
                "|/evil",
            );
            assert!(
                (400..500).contains(&sent.status),
                "{path}: {} {}",
                sent.status,
                sent.text()
            );
            let removed = backend
                .api()
                .delete(&sandbox.path(&format!("/files?path={path}")));
            assert!(
                (400..500).contains(&removed.status),
                "{path}: {}",
                removed.text()
            );
        }
    }
    assert_eq!(host(), before);
    assert_eq!(scores(&sandbox), score);
}

/// `/dev/null`, by which paths are masked, and `/dev/console` as links, files and directories of
/// the image: what is masked stays so, and devices are the kernel's own.
#[test]
fn devices_of_an_image() {
    let mut backend = Backend::native();
    let before = host();
    let kinds: [fn(&str) -> Item; 4] = [
        |name| Item::symlink(name, "/proc/sys/kernel/core_pattern"),
        |name| Item::file(name, "x"),
        Item::directory,
        Item::fifo,
    ];
    for (number, kind) in kinds.iter().enumerate() {
        let names = ["dev/null", "dev/console", "dev/ptmx", "dev/zero", "dev/tty"];
        let items: Vec<Item> = [Item::directory("dev")]
            .into_iter()
            .chain(names.map(kind))
            .collect();
        let name = format!("devices:{number}");
        backend.import(&Image::hostile(&name, &items));
        let sandbox = backend
            .api()
            .create(&json!({ "image": name, "cmd": ["sleep", "1000"] }));
        let null = sandbox.exec(&["stat", "-c", "%F %t:%T", "/dev/null"]).ok();
        assert_eq!(null, "character special file 1:3\n");
        assert_ne!(sandbox.sh("ls -d /dev/console").code, 0);
        for path in [
            "/proc/kcore",
            "/proc/keys",
            "/proc/timer_list",
            "/proc/interrupts",
        ] {
            let read = sandbox.sh(&format!("head -c 1 {path} | wc -c"));
            assert_eq!(read.stdout, "0\n", "{path}");
        }
        for path in ["/proc/sys/kernel/core_pattern", "/proc/sysrq-trigger"] {
            assert_ne!(sandbox.sh(&format!("echo x > {path}")).code, 0, "{path}");
        }
        let terminal =
            sandbox.detach(&json!({ "cmd": ["sh", "-c", "tty > /tmp/tty"], "tty": true }));
        ctnr_e2e::eventually("the terminal's name", || {
            match sandbox.sh("cat /tmp/tty").stdout {
                text if text == "/dev/pts/0\n" => Ok(()),
                text => Err(format!("{terminal}: {text}")),
            }
        });
        sandbox.delete();
    }
    assert_eq!(host(), before);
}
