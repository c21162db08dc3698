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
use super::overlay::Mapping;
use crate::failure::Doing;
use crate::process::in_own_mounts;
use crate::protocol::{Failure, RootLaunch};

/// A directory that every Linux host has, which the tmpfs covers in its own namespace only.
const STAGE: &str = "/dev";

/// Mounts the overlay of `layers`, lowest first, and of the sandbox's directory `own`.
///
/// The working directory of the process is `/` after it.
pub(super) fn mount_on_stage(
    layers: &[OwnedFd],
    own: &OwnedFd,
    root: &RootLaunch,
    mapping: Mapping<'_>,
) -> Result<OwnedFd, Failure> {
    let overlay = match mapping {
        // With the namespace, which the process leaves again, the stage is gone.
        Mapping::IdMapped(_) => in_own_mounts(|| {
            mount_change(
                "/",
                MountPropagationFlags::PRIVATE | MountPropagationFlags::REC,
            )?;
            let stage = enter_stage()?;
            for (number, layer) in layers.iter().enumerate() {
                put(&stage, &number.to_string(), layer)?;
            }
            put(&stage, "own", own)?;
            overlay_of(layers.len(), "")
        }),
        // The process is in the sandbox's own namespace, and may name the directories.
        Mapping::Own => (|| {
            let stage = enter_stage()?;
            for (number, layer) in root.layers.iter().enumerate() {
                symlinkat(layer, &stage, number.to_string())?;
            }
            symlinkat(&root.dir, &stage, "own")?;
            let overlay = overlay_of(layers.len(), ",userxattr")?;
            chdir("/")?;
            unmount(STAGE, UnmountFlags::DETACH)?;
            Ok(overlay)
        })(),
    };
    overlay.doing("mounting the overlay of the image's layers")
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
fn overlay_of(layers: usize, more: &str) -> rustix::io::Result<OwnedFd> {
    let lower: Vec<String> = (0..layers).rev().map(|number| number.to_string()).collect();
    let options = format!(
        "lowerdir={},upperdir=own/upper,workdir=own/work{more}",
        lower.join(":")
    );
    let options = std::ffi::CString::new(options).map_err(|_| rustix::io::Errno::INVAL)?;
    mkdirat(rustix::fs::CWD, "merged", Mode::from_raw_mode(0o700))?;
    mount(
        "overlay",
        "merged",
        "overlay",
        MountFlags::NODEV,
        options.as_c_str(),
    )?;
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
    use std::process::Command;

    use super::*;
    use crate::protocol::IdMap;
    use crate::rootfs::mount_point::set_mount_attributes;
    use crate::rootfs::overlay::mount_detached;

    /// A user namespace in which 0 is `first` of the host.
    fn user_namespace(first: u32) -> (std::process::Child, File) {
        let mut child = Command::new("unshare")
            .args(["--user", "sleep", "60"])
            .spawn()
            .expect("unshare");
        let path = format!("/proc/{}/ns/user", child.id());
        let own = fs::read_link("/proc/self/ns/user").expect("a namespace");
        while fs::read_link(&path).is_ok_and(|namespace| namespace == own) {
            std::thread::yield_now();
        }
        for map in ["uid_map", "gid_map"] {
            let path = format!("/proc/{}/{map}", child.id());
            fs::write(path, format!("0 {first} 65536")).expect("root");
        }
        let namespace = File::open(path).expect("a namespace");
        child.kill().expect("it is killed");
        child.wait().expect("it ends");
        (child, namespace)
    }

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
        let (_child, namespace) = user_namespace(0x1000_0000);
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
            let own_tree = open(&own);
            let mapping = Mapping::IdMapped(namespace.as_fd());
            let overlay = if way == "stage" {
                let root = RootLaunch {
                    dir: own.clone(),
                    layers: names.clone(),
                    ids: IdMap::Range { first: 0x1000_0000 },
                };
                // On a thread of its own, as it changes the working directory.
                std::thread::scope(|scope| {
                    let mounting = || mount_on_stage(&layers, &own_tree, &root, mapping);
                    scope.spawn(mounting).join().unwrap().unwrap()
                })
            } else {
                mount_detached(&layers, &own_tree, mapping).expect("Linux 6.15")
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
