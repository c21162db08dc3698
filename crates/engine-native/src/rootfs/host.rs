//! Directories of the host in a sandbox.
//!
//! A source is opened once, through no symlink: what was looked at before is what is mounted, also
//! where a sandbox may write to a directory above it. A target is looked up below the sandbox's root
//! alone, so that no link of the image leads out.

use std::fs;
use std::io;
use std::os::fd::{AsFd, BorrowedFd, OwnedFd};
use std::os::unix::fs::{DirBuilderExt, PermissionsExt, chown};
use std::path::{Path, PathBuf};

use ctnr_model::{ContainerPath, HostMount, HostPath, MountAccess};
use rustix::fs::{CWD, Mode, OFlags, ResolveFlags, Stat, fstat, mkdirat, openat2};
use rustix::io::Errno;
use rustix::mount::{MountAttrFlags, OpenTreeFlags, open_tree};

use super::mount_point::{place, set_mount_attributes};
use super::overlay::{Mapping, Stack, open_own};
use super::owners::{Owners, imitate};
use crate::failure::Doing;
use crate::process::{IdRun, mapping_namespace};
use crate::protocol::{Failure, ID_COUNT, IdMap, MountLaunch, RootLaunch};

/// What holds for every mount of a host's directory.
const SAFE: MountAttrFlags =
    MountAttrFlags::MOUNT_ATTR_NODEV.union(MountAttrFlags::MOUNT_ATTR_NOSUID);

/// The directory of a sandbox that holds what it writes to copied directories, by number.
pub(crate) fn written_directory(sandbox: &Path, number: usize) -> PathBuf {
    sandbox.join("mounts").join(number.to_string())
}

/// Makes the mounts of a sandbox's host directories, detached, in their order.
pub(crate) fn open_host_mounts(
    root: &RootLaunch,
    mapping: Mapping<'_>,
) -> Result<Vec<OwnedFd>, Failure> {
    let open = |(number, launch)| open_mount(root, number, launch, mapping);
    root.mounts.iter().enumerate().map(open).collect()
}

fn open_mount(
    root: &RootLaunch,
    number: usize,
    launch: &MountLaunch,
    mapping: Mapping<'_>,
) -> Result<OwnedFd, Failure> {
    let HostMount {
        source,
        access,
        owner,
        ..
    } = &launch.mount;
    let directory = open_source(source)?;
    let found = fstat(&directory).doing(format!("looking at the host's {source}"))?;
    let clone = OpenTreeFlags::OPEN_TREE_CLONE
        | OpenTreeFlags::OPEN_TREE_CLOEXEC
        | OpenTreeFlags::AT_EMPTY_PATH;
    let tree = open_tree(&directory, "", clone).doing(format!("mounting the host's {source}"))?;
    let namespace = match (root.ids, mapping) {
        (IdMap::Range { first }, Mapping::IdMapped(_)) => {
            if owner.uid >= ID_COUNT || owner.gid >= ID_COUNT {
                return Err(Failure::Bad(format!(
                    "user {} with group {} can't own {source} in the sandbox, which has 0 to 65535",
                    owner.uid, owner.gid
                )));
            }
            let one = |disk, inside| IdRun {
                disk,
                host: first + inside,
                count: 1,
            };
            let (users, groups) = (one(found.st_uid, owner.uid), one(found.st_gid, owner.gid));
            Some(mapping_namespace(users, groups).doing("making the id map of a host mount")?)
        }
        _ if owner.uid == 0 && owner.gid == 0 => None,
        _ => {
            return Err(Failure::Bad(format!(
                "user {} can't own {source} in the sandbox, which has root alone where the engine is run by an ordinary user",
                owner.uid
            )));
        }
    };
    let attributes = match access {
        MountAccess::ReadWrite => SAFE,
        MountAccess::ReadOnly | MountAccess::CopyOnWrite => {
            SAFE | MountAttrFlags::MOUNT_ATTR_RDONLY
        }
    };
    set_mount_attributes(
        tree.as_fd(),
        attributes,
        namespace.as_ref().map(AsFd::as_fd),
    )
    .doing(format!(
        "mapping the owner of the host's {source}, which its file system has to allow"
    ))?;
    if *access == MountAccess::CopyOnWrite {
        return copied(root, number, launch, (tree, &found), mapping);
    }
    Ok(tree)
}

/// Opens the source itself.
fn open_source(source: &HostPath) -> Result<OwnedFd, Failure> {
    let flags = OFlags::PATH | OFlags::DIRECTORY | OFlags::CLOEXEC;
    let resolve = ResolveFlags::NO_SYMLINKS | ResolveFlags::NO_MAGICLINKS;
    match openat2(CWD, source.as_str(), flags, Mode::empty(), resolve) {
        Ok(directory) => Ok(directory),
        Err(Errno::LOOP) => Err(Failure::Bad(format!(
            "{source} on the host leads through a symlink; give the path that it leads to"
        ))),
        Err(Errno::NOENT | Errno::NOTDIR) => Err(Failure::Bad(format!(
            "{source} is not a directory of the host; make it first"
        ))),
        Err(errno) => Err(errno).doing(format!("opening the host's {source}")),
    }
}

/// A host's directory under what the sandbox writes to it.
fn copied(
    root: &RootLaunch,
    number: usize,
    launch: &MountLaunch,
    (tree, found): (OwnedFd, &Stat),
    mapping: Mapping<'_>,
) -> Result<OwnedFd, Failure> {
    let source = &launch.mount.source;
    let own = written_directory(&root.dir, number);
    prepare(&own, root, launch, found).doing(format!("making room for changes to {source}"))?;
    let mut lowers = vec![(tree, PathBuf::from(source.as_str()))];
    let mut owners = Owners::new(root.ids, mapping);
    owners.prepare(&launch.written)?;
    for layer in &launch.written {
        lowers.push((owners.open_layer(layer)?, layer.path.clone()));
    }
    let stack = Stack {
        lowers,
        own: (open_own(&own, mapping)?, own),
        attributes: SAFE,
    };
    stack.mount(mapping, &format!("mounting a copy of the host's {source}"))
}

/// Makes the directories of a copy's writable layer, where they are missing. The upper one has the
/// mode and owner of what it lies over.
fn prepare(own: &Path, root: &RootLaunch, launch: &MountLaunch, found: &Stat) -> io::Result<()> {
    let mut builder = fs::DirBuilder::new();
    builder
        .recursive(true)
        .mode(0o700)
        .create(own.join("work"))?;
    let upper = own.join("upper");
    match builder.recursive(false).create(&upper) {
        Err(error) if error.kind() == io::ErrorKind::AlreadyExists => return Ok(()),
        result => result?,
    }
    if let Some(layer) = launch.written.last() {
        return imitate(&upper, layer, root.ids);
    }
    fs::set_permissions(&upper, fs::Permissions::from_mode(found.st_mode & 0o1777))?;
    let owner = launch.mount.owner;
    match root.ids {
        IdMap::Range { first } => chown(&upper, Some(first + owner.uid), Some(first + owner.gid)),
        IdMap::Single { .. } => Ok(()),
    }
}

/// Puts the mounts in their places below an attached root, as root of the sandbox.
pub(crate) fn place_host_mounts(
    root: BorrowedFd<'_>,
    mounts: &[MountLaunch],
    trees: Vec<OwnedFd>,
) -> Result<(), Failure> {
    if mounts.len() != trees.len() {
        return Err(Failure::Other(
            "placing host directories".into(),
            "some are missing".into(),
        ));
    }
    for (MountLaunch { mount, .. }, tree) in mounts.iter().zip(trees) {
        let target = &mount.target;
        let at = make_target(root, target).map_err(|error| {
            Failure::Bad(format!(
                "the host's {} can't be put at {target} in the sandbox: {error}",
                mount.source
            ))
        })?;
        place(tree, at).doing(format!("placing {target} in the sandbox"))?;
    }
    Ok(())
}

/// Opens a directory of the sandbox, following its links below its root, and makes what is missing.
fn make_target(root: BorrowedFd<'_>, target: &ContainerPath) -> io::Result<OwnedFd> {
    let flags = OFlags::PATH | OFlags::DIRECTORY | OFlags::CLOEXEC;
    let resolve = ResolveFlags::IN_ROOT | ResolveFlags::NO_MAGICLINKS;
    let open = |path: &str| openat2(root, path, flags, Mode::empty(), resolve);
    let path = target.relative();
    match open(path) {
        Err(Errno::NOENT) => {}
        result => return Ok(result?),
    }
    let mut parent = open(".")?;
    let ends = path.match_indices('/').map(|(end, _)| end);
    for end in ends.chain([path.len()]) {
        parent = match open(&path[..end]) {
            Err(Errno::NOENT) => {
                let name = path[..end].rsplit('/').next().unwrap_or(path);
                mkdirat(&parent, name, Mode::from_raw_mode(0o755))?;
                open(&path[..end])?
            }
            result => result?,
        };
    }
    Ok(parent)
}
