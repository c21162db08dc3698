//! User namespaces that exist for their id maps alone.
#![expect(
    unsafe_code,
    reason = "forks a process that a namespace needs to begin with"
)]

use std::fs;
use std::io;
use std::os::fd::OwnedFd;

use rustix::process::{Signal, set_parent_process_death_signal};
use rustix::thread::UnshareFlags;

use super::{Forked, PidFd, fork, wait};

/// So many ids from `disk` on, as files have them on a disk, that are the host's from `host` on
/// where a mount is mapped (`mount_setattr(2)`, "ID-mapped mounts").
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct IdRun {
    /// The first id on the disk.
    pub(crate) disk: u32,
    /// The id of the host that it is seen as.
    pub(crate) host: u32,
    /// How many.
    pub(crate) count: u32,
}

/// How many processes are there at once for it.
const AT_ONCE: usize = 16;

/// A user namespace that maps users and groups so, for mounts; it has no process.
pub(crate) fn mapping_namespace(users: IdRun, groups: IdRun) -> io::Result<OwnedFd> {
    let mut made = mapping_namespaces(&[(users, groups)])?;
    made.pop()
        .ok_or_else(|| io::Error::other("no namespace was made"))
}

/// The same for several, which wait for the ends of their processes together.
pub(crate) fn mapping_namespaces(maps: &[(IdRun, IdRun)]) -> io::Result<Vec<OwnedFd>> {
    let mut made = Vec::with_capacity(maps.len());
    while made.len() < maps.len() {
        let mut children = Vec::new();
        let result = make_some(&maps[made.len()..], &mut made, &mut children);
        for child in &children {
            child.kill()?;
        }
        for child in &children {
            wait(child)?;
        }
        match result {
            // The sandbox's limit on processes, under which the caller may be already.
            Err(error) if error.kind() == io::ErrorKind::WouldBlock && !children.is_empty() => {}
            result => result?,
        }
    }
    Ok(made)
}

fn make_some(
    maps: &[(IdRun, IdRun)],
    made: &mut Vec<OwnedFd>,
    children: &mut Vec<PidFd>,
) -> io::Result<()> {
    for (users, groups) in maps.iter().take(AT_ONCE) {
        // SAFETY: the child makes system calls alone, which is safe whatever other threads held.
        let child = match unsafe { fork(UnshareFlags::NEWUSER, None) }? {
            Forked::Child => sleep_until_killed(),
            Forked::Parent(child) => child,
        };
        let namespace = write_maps(child.pid(), *users, *groups);
        children.push(child);
        made.push(namespace?);
    }
    Ok(())
}

fn write_maps(pid: u32, users: IdRun, groups: IdRun) -> io::Result<OwnedFd> {
    for (file, run) in [("uid_map", users), ("gid_map", groups)] {
        let IdRun { disk, host, count } = run;
        fs::write(
            format!("/proc/{pid}/{file}"),
            format!("{disk} {host} {count}"),
        )?;
    }
    Ok(fs::File::open(format!("/proc/{pid}/ns/user"))?.into())
}

/// The whole life of the namespace's process.
fn sleep_until_killed() -> ! {
    let _ = set_parent_process_death_signal(Some(Signal::KILL));
    loop {
        // SAFETY: `pause` has no preconditions.
        unsafe { libc::pause() };
    }
}

#[cfg(all(test, feature = "system-tests"))]
mod tests {
    use std::os::fd::AsFd;
    use std::os::unix::fs::{MetadataExt, chown};

    use rustix::fs::{CWD, Mode, OFlags, openat};
    use rustix::mount::{MountAttrFlags, OpenTreeFlags, open_tree};

    use super::*;
    use crate::rootfs::set_mount_attributes;

    #[test]
    fn a_mount_shows_ids_as_they_are_mapped() {
        let directory = tempfile::tempdir().unwrap();
        for (name, id) in [("first", 5000), ("last", 5009), ("other", 5010)] {
            let path = directory.path().join(name);
            fs::write(&path, "").unwrap();
            chown(&path, Some(id), Some(id + 100)).unwrap();
        }
        let run = |disk, host| IdRun {
            disk,
            host,
            count: 10,
        };
        let namespace = mapping_namespace(run(5000, 70_000), run(5100, 80_000)).expect("root");
        let clone = OpenTreeFlags::OPEN_TREE_CLONE | OpenTreeFlags::OPEN_TREE_CLOEXEC;
        let tree = open_tree(CWD, directory.path(), clone).unwrap();
        set_mount_attributes(
            tree.as_fd(),
            MountAttrFlags::empty(),
            Some(namespace.as_fd()),
        )
        .unwrap();
        let owner = |name| {
            let file = openat(&tree, name, OFlags::RDONLY, Mode::empty()).unwrap();
            let found = fs::File::from(file).metadata().unwrap();
            (found.uid(), found.gid())
        };
        assert_eq!(owner("first"), (70_000, 80_000));
        assert_eq!(owner("last"), (70_009, 80_009));
        assert_eq!(owner("other"), (65_534, 65_534));
        let many: Vec<_> = (0..40)
            .map(|n| (run(n * 10, 70_000), run(n, 80_000)))
            .collect();
        let many = mapping_namespaces(&many).expect("root");
        let inode = |namespace: &OwnedFd| rustix::fs::fstat(namespace).unwrap().st_ino;
        let different: std::collections::BTreeSet<u64> = many.iter().map(inode).collect();
        assert_eq!(different.len(), 40);
    }
}
