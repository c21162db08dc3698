//! The overlay on kernels that take it by path only.
//!
//! Overlayfs before Linux 6.15 wants its layers attached to the mount namespace of the process that
//! mounts it. So they are put on a small tmpfs in a namespace made for that, and the overlay is
//! taken off it again, detached.

use std::os::fd::{AsFd, OwnedFd};

use rustix::fs::{Mode, OFlags, mkdirat, openat, symlinkat};
use rustix::mount::{
    FsMountFlags, FsOpenFlags, MountAttrFlags, MountFlags, MountPropagationFlags, MoveMountFlags,
    OpenTreeFlags, UnmountFlags, fsconfig_create, fsmount, fsopen, mount, mount_change, move_mount,
    open_tree, unmount,
};
use rustix::process::{chdir, fchdir};

use super::mount_point::place;
use super::overlay::{Mapping, PLAIN, Stack};
use crate::process::in_own_mounts;

/// A directory that every Linux host has, which the tmpfs covers in its own namespace only.
const STAGE: &str = "/dev";

/// Mounts the overlay of a stack.
///
/// The working directory of the process is `/` after it.
pub(super) fn mount_on_stage(stack: &Stack, mapping: Mapping<'_>) -> rustix::io::Result<OwnedFd> {
    match mapping {
        // With the namespace, which the process leaves again, the stage is gone.
        Mapping::IdMapped(_) => in_own_mounts(|| {
            mount_change(
                "/",
                MountPropagationFlags::PRIVATE | MountPropagationFlags::REC,
            )?;
            let stage = enter_stage()?;
            for (number, (layer, _)) in stack.lowers.iter().enumerate() {
                put(&stage, &number.to_string(), layer)?;
            }
            put(&stage, "own", &stack.own.0)?;
            let plain = PLAIN.map(|(key, value)| format!(",{key}={value}")).concat();
            overlay_of(stack, &plain)
        }),
        // The process is in the sandbox's own namespace, and may name the directories.
        Mapping::Own => (|| {
            let stage = enter_stage()?;
            for (number, (_, layer)) in stack.lowers.iter().enumerate() {
                symlinkat(layer, &stage, number.to_string())?;
            }
            symlinkat(&stack.own.1, &stage, "own")?;
            let overlay = overlay_of(stack, ",userxattr")?;
            chdir("/")?;
            unmount(STAGE, UnmountFlags::DETACH)?;
            Ok(overlay)
        })(),
    }
}

/// Mounts a small tmpfs, and makes it the working directory.
fn enter_stage() -> rustix::io::Result<OwnedFd> {
    let fs = fsopen("tmpfs", FsOpenFlags::FSOPEN_CLOEXEC)?;
    fsconfig_create(&fs)?;
    let stage = fsmount(&fs, FsMountFlags::FSMOUNT_CLOEXEC, MountAttrFlags::empty())?;
    move_mount(
        &stage,
        "",
        rustix::fs::CWD,
        STAGE,
        MoveMountFlags::MOVE_MOUNT_F_EMPTY_PATH,
    )?;
    fchdir(&stage)?;
    Ok(stage)
}

/// Attaches a detached mount to a directory made for it.
fn put(stage: &OwnedFd, name: &str, tree: &OwnedFd) -> rustix::io::Result<()> {
    mkdirat(stage, name, Mode::from_raw_mode(0o700))?;
    let at = openat(stage, name, OFlags::PATH | OFlags::CLOEXEC, Mode::empty())?;
    place(tree.as_fd(), at)
}

/// Mounts the overlay of what is on the stage, and takes it off there.
///
/// Relative names keep the options short: all layers have to fit into a page (`mount(2)`).
fn overlay_of(stack: &Stack, more: &str) -> rustix::io::Result<OwnedFd> {
    let numbers = (0..stack.lowers.len()).rev();
    let lower: Vec<String> = numbers.map(|number| number.to_string()).collect();
    let options = format!(
        "lowerdir={},upperdir=own/upper,workdir=own/work{more}",
        lower.join(":")
    );
    let options = std::ffi::CString::new(options).map_err(|_| rustix::io::Errno::INVAL)?;
    mkdirat(rustix::fs::CWD, "merged", Mode::from_raw_mode(0o700))?;
    let nosuid = MountAttrFlags::MOUNT_ATTR_NOSUID;
    let flags = match stack.attributes.contains(nosuid) {
        true => MountFlags::NODEV | MountFlags::NOSUID,
        false => MountFlags::NODEV,
    };
    mount("overlay", "merged", "overlay", flags, options.as_c_str())?;
    open_tree(
        rustix::fs::CWD,
        "merged",
        OpenTreeFlags::OPEN_TREE_CLONE | OpenTreeFlags::OPEN_TREE_CLOEXEC,
    )
}

#[cfg(all(test, feature = "system-tests"))]
mod tests {
    use std::fs::{self, File};
    use std::os::unix::fs::chown;

    use super::*;
    use crate::process::{IdRun, mapping_namespace};
    use crate::rootfs::mount_point::set_mount_attributes;

    #[test]
    fn both_ways_show_the_same_tree() {
        let directory = tempfile::tempdir().unwrap();
        let names: Vec<_> = (0..40)
            .map(|number| directory.path().join(number.to_string()))
            .collect();
        for (number, layer) in names.iter().enumerate() {
            fs::create_dir(layer).unwrap();
            fs::write(layer.join("top"), number.to_string()).unwrap();
            fs::write(layer.join(format!("only-{number}")), "").unwrap();
        }
        let run = IdRun {
            disk: 0,
            host: 0x1000_0000,
            count: 65_536,
        };
        let namespace = mapping_namespace(run, run).expect("root");
        for way in ["detached", "stage"] {
            let own = directory.path().join(way);
            for name in ["", "upper", "work"] {
                fs::create_dir(own.join(name)).unwrap();
            }
            chown(own.join("upper"), Some(0x1000_0000), Some(0x1000_0000)).unwrap();
            let clone = OpenTreeFlags::OPEN_TREE_CLONE | OpenTreeFlags::OPEN_TREE_CLOEXEC;
            let open = |path| open_tree(rustix::fs::CWD, path, clone).expect("root");
            let layers: Vec<OwnedFd> = names.iter().map(open).collect();
            for layer in &layers {
                let id_map = Some(namespace.as_fd());
                set_mount_attributes(layer.as_fd(), MountAttrFlags::empty(), id_map).unwrap();
            }
            let stack = Stack {
                lowers: layers.into_iter().zip(names.clone()).collect(),
                own: (open(&own), own.clone()),
                attributes: MountAttrFlags::MOUNT_ATTR_NODEV,
            };
            let mapping = Mapping::IdMapped(namespace.as_fd());
            let overlay = if way == "stage" {
                // On a thread of its own, as it changes the working directory.
                std::thread::scope(|scope| {
                    let mounting = || mount_on_stage(&stack, mapping);
                    scope.spawn(mounting).join().unwrap().unwrap()
                })
            } else {
                stack.mount_detached(mapping).expect("Linux 6.15")
            };
            let top = openat(&overlay, "top", OFlags::RDONLY, Mode::empty()).unwrap();
            assert_eq!(
                std::io::read_to_string(File::from(top)).unwrap(),
                "39",
                "{way}"
            );
            let only = openat(&overlay, "only-0", OFlags::RDONLY, Mode::empty()).unwrap();
            assert_eq!(
                rustix::fs::fstat(only).unwrap().st_uid,
                0x1000_0000,
                "{way}"
            );
        }
        assert!(File::open(STAGE).unwrap().metadata().is_ok());
        assert!(
            !std::path::Path::new("/dev/merged").exists(),
            "the host's /dev is untouched"
        );
    }
}
