//! `/proc`, `/sys` and `/dev` of a sandbox.

use std::io;
use std::os::fd::{AsFd, BorrowedFd, OwnedFd};

use rustix::fs::{CWD, Mode, OFlags, mkdirat, openat, symlinkat};
use rustix::mount::{
    FsMountFlags, FsOpenFlags, MountAttrFlags, OpenTreeFlags, fsconfig_create, fsconfig_set_string,
    fsmount, fsopen, open_tree,
};

use super::mount_point::{clone_below, directory, place, set_mount_attributes};
use crate::failure::Doing;
use crate::protocol::Failure;

/// The host's device nodes that every program may use.
const DEVICES: [&str; 6] = ["null", "zero", "full", "random", "urandom", "tty"];

/// Links in `/dev` and where they lead.
const LINKS: [(&str, &str); 5] = [
    ("fd", "/proc/self/fd"),
    ("stdin", "/proc/self/fd/0"),
    ("stdout", "/proc/self/fd/1"),
    ("stderr", "/proc/self/fd/2"),
    ("ptmx", "pts/ptmx"),
];

/// What tells of the host or could change it, and is hidden.
const MASKED: [&str; 12] = [
    "proc/acpi",
    "proc/asound",
    "proc/interrupts",
    "proc/kcore",
    "proc/keys",
    "proc/latency_stats",
    "proc/sched_debug",
    "proc/scsi",
    "proc/timer_list",
    "proc/timer_stats",
    "sys/devices/virtual/powercap",
    "sys/firmware",
];

/// What may be read and not written.
const READ_ONLY: [&str; 5] = [
    "proc/bus",
    "proc/fs",
    "proc/irq",
    "proc/sys",
    "proc/sysrq-trigger",
];

const SAFE: MountAttrFlags = MountAttrFlags::MOUNT_ATTR_NOSUID
    .union(MountAttrFlags::MOUNT_ATTR_NODEV)
    .union(MountAttrFlags::MOUNT_ATTR_NOEXEC);

/// Detached mounts of the host's device nodes, taken while the host's tree can still be seen.
pub(crate) struct DeviceNodes(Vec<(&'static str, OwnedFd)>);

impl DeviceNodes {
    /// Takes the nodes from the host's `/dev`.
    pub(crate) fn open() -> Result<Self, Failure> {
        let flags = OpenTreeFlags::OPEN_TREE_CLONE | OpenTreeFlags::OPEN_TREE_CLOEXEC;
        let open = |name| {
            let node = open_tree(CWD, format!("/dev/{name}"), flags)
                .doing(format!("taking the host's /dev/{name}"))?;
            Ok((name, node))
        };
        DEVICES
            .into_iter()
            .map(open)
            .collect::<Result<_, _>>()
            .map(Self)
    }
}

/// Mounts `/proc`, `/sys` and `/dev` below an attached root, from within the sandbox's
/// namespaces. `cgroup` tells whether to show the sandbox its own control group (v2 only).
pub(crate) fn mount_system(
    root: BorrowedFd<'_>,
    devices: DeviceNodes,
    has_groups: bool,
    cgroup: bool,
) -> Result<(), Failure> {
    let proc = new_mount("proc", &[], SAFE)?;
    put(root, "proc", proc.as_fd())?;
    let sys = new_mount("sysfs", &[], SAFE | MountAttrFlags::MOUNT_ATTR_RDONLY)?;
    put(root, "sys", sys.as_fd())?;
    if cgroup {
        let group = new_mount("cgroup2", &[], SAFE | MountAttrFlags::MOUNT_ATTR_RDONLY)?;
        put(sys.as_fd(), "fs/cgroup", group.as_fd())?;
    }
    mount_dev(root, devices, has_groups)
}

fn mount_dev(root: BorrowedFd<'_>, devices: DeviceNodes, has_groups: bool) -> Result<(), Failure> {
    let nosuid = MountAttrFlags::MOUNT_ATTR_NOSUID;
    let noexec = MountAttrFlags::MOUNT_ATTR_NOEXEC;
    let dev = new_mount(
        "tmpfs",
        &[("mode", "755"), ("size", "65536k")],
        nosuid | noexec,
    )?;
    // Placed first: before Linux 6.15 nothing can be mounted on a detached mount.
    put(root, "dev", dev.as_fd())?;
    for (name, node) in devices.0 {
        let flags = OFlags::CREATE | OFlags::EXCL | OFlags::WRONLY | OFlags::CLOEXEC;
        let file = openat(&dev, name, flags, Mode::from_raw_mode(0o666))
            .doing(format!("making /dev/{name}"))?;
        place(node, file).doing(format!("placing /dev/{name}"))?;
    }
    for (name, target) in LINKS {
        symlinkat(target, &dev, name).doing(format!("making /dev/{name}"))?;
    }
    let pts_options: &[_] = if has_groups {
        &[
            ("newinstance", ""),
            ("ptmxmode", "0666"),
            ("mode", "0620"),
            ("gid", "5"),
        ]
    } else {
        &[("newinstance", ""), ("ptmxmode", "0666"), ("mode", "0620")]
    };
    let shm_options = [("mode", "1777"), ("size", "65536k")];
    for (name, kind, options, attributes) in [
        ("pts", "devpts", pts_options, nosuid | noexec),
        ("shm", "tmpfs", &shm_options[..], SAFE),
        ("mqueue", "mqueue", &[][..], SAFE),
    ] {
        mkdirat(&dev, name, Mode::from_raw_mode(0o755)).doing(format!("making /dev/{name}"))?;
        put(
            dev.as_fd(),
            name,
            new_mount(kind, options, attributes)?.as_fd(),
        )?;
    }
    Ok(())
}

/// Hides and write-protects what [`mount_system`] brought along, and seals it: the sandbox has
/// no right to undo a mount of this namespace's making.
pub(crate) fn mask_paths(root: BorrowedFd<'_>) -> Result<(), Failure> {
    let doing = |path| format!("hiding /{path}");
    // One for each: before Linux 6.15 a detached mount can't be cloned.
    let empty = || {
        new_mount(
            "tmpfs",
            &[("size", "0"), ("nr_inodes", "2")],
            SAFE | MountAttrFlags::MOUNT_ATTR_RDONLY,
        )
    };
    for path in MASKED {
        let Ok(target) = openat(
            root,
            path,
            OFlags::PATH | OFlags::NOFOLLOW | OFlags::CLOEXEC,
            Mode::empty(),
        ) else {
            continue;
        };
        let is_directory = rustix::fs::fstat(&target)
            .is_ok_and(|stat| rustix::fs::FileType::from_raw_mode(stat.st_mode).is_dir());
        let cover = if is_directory {
            empty()?
        } else {
            open_tree(
                root,
                "dev/null",
                OpenTreeFlags::OPEN_TREE_CLONE | OpenTreeFlags::OPEN_TREE_CLOEXEC,
            )
            .doing(doing(path))?
        };
        place(cover, target).doing(doing(path))?;
    }
    for path in READ_ONLY {
        let doing = || format!("write-protecting /{path}");
        let Some(tree) = clone_below(root, path).doing(doing())? else {
            continue;
        };
        set_mount_attributes(tree.as_fd(), MountAttrFlags::MOUNT_ATTR_RDONLY | SAFE, None)
            .doing(doing())?;
        let target = openat(
            root,
            path,
            OFlags::PATH | OFlags::NOFOLLOW | OFlags::CLOEXEC,
            Mode::empty(),
        )
        .doing(doing())?;
        place(tree, target).doing(doing())?;
    }
    Ok(())
}

/// A new file system, detached.
fn new_mount(
    kind: &str,
    options: &[(&str, &str)],
    attributes: MountAttrFlags,
) -> Result<OwnedFd, Failure> {
    let doing = || format!("mounting {kind} for the sandbox");
    let fs = fsopen(kind, FsOpenFlags::FSOPEN_CLOEXEC).doing(doing())?;
    for (key, value) in options {
        if value.is_empty() {
            rustix::mount::fsconfig_set_flag(&fs, *key).doing(doing())?;
        } else {
            fsconfig_set_string(&fs, *key, *value).doing(doing())?;
        }
    }
    fsconfig_create(&fs).doing(doing())?;
    fsmount(&fs, FsMountFlags::FSMOUNT_CLOEXEC, attributes).doing(doing())
}

/// Puts a mount on a directory below `root`.
fn put(root: BorrowedFd<'_>, path: &str, mount: BorrowedFd<'_>) -> Result<(), Failure> {
    let doing = || format!("placing /{path} in the sandbox");
    let at = directory(root, path).map_err(|error| match error.kind() {
        // The image's fault, and said in the image's words.
        io::ErrorKind::InvalidInput => Failure::Bad(error.to_string()),
        _ => Failure::Other(doing(), error.to_string()),
    })?;
    place(mount, at).doing(doing())
}
