//! Putting detached mounts in their places.

use std::io;
use std::os::fd::{AsFd, AsRawFd, BorrowedFd, OwnedFd};

use rustix::fs::{Mode, OFlags, ResolveFlags, mkdirat, openat2};
use rustix::mount::{MountAttrFlags, MoveMountFlags, OpenTreeFlags, move_mount, open_tree};

/// Opens a directory below `root`, following no symlink, and making it where it is missing.
///
/// `path` is one or more plain components, joined by slashes.
pub(super) fn directory(root: BorrowedFd<'_>, path: &str) -> io::Result<OwnedFd> {
    let flags = OFlags::PATH | OFlags::DIRECTORY | OFlags::CLOEXEC;
    let resolve = ResolveFlags::BENEATH | ResolveFlags::NO_SYMLINKS | ResolveFlags::NO_MAGICLINKS;
    match openat2(root, path, flags, Mode::empty(), resolve) {
        Err(rustix::io::Errno::NOENT) => {
            mkdirat(root, path, Mode::from_raw_mode(0o755))?;
            Ok(openat2(root, path, flags, Mode::empty(), resolve)?)
        }
        Err(rustix::io::Errno::LOOP | rustix::io::Errno::NOTDIR) => Err(io::Error::new(
            io::ErrorKind::InvalidInput,
            format!("/{path} in the image is not a directory, as a sandbox needs it"),
        )),
        result => Ok(result?),
    }
}

/// Puts a detached mount on an open directory or file.
pub(super) fn place(mount: impl AsFd, at: impl AsFd) -> rustix::io::Result<()> {
    let flags = MoveMountFlags::MOVE_MOUNT_F_EMPTY_PATH | MoveMountFlags::MOVE_MOUNT_T_EMPTY_PATH;
    move_mount(mount, "", at, "", flags)
}

/// A detached mount of what is at `path` below `root`; `None` where there is nothing.
pub(super) fn clone_below(root: BorrowedFd<'_>, path: &str) -> io::Result<Option<OwnedFd>> {
    let flags = OpenTreeFlags::OPEN_TREE_CLONE
        | OpenTreeFlags::OPEN_TREE_CLOEXEC
        | OpenTreeFlags::AT_SYMLINK_NOFOLLOW;
    match open_tree(root, path, flags) {
        Ok(tree) => Ok(Some(tree)),
        Err(rustix::io::Errno::NOENT) => Ok(None),
        Err(errno) => Err(errno.into()),
    }
}

/// Sets attributes of a mount, which hears of no mounts that are made elsewhere after that, and maps
/// its owners through a user namespace (`mount_setattr(2)`).
#[expect(unsafe_code, reason = "mount_setattr has no safe wrapper")]
pub(crate) fn set_mount_attributes(
    mount: BorrowedFd<'_>,
    set: MountAttrFlags,
    id_map: Option<BorrowedFd<'_>>,
) -> io::Result<()> {
    // SAFETY: all-zero is a valid `mount_attr`: nothing set, nothing cleared.
    let mut attributes: libc::mount_attr = unsafe { std::mem::zeroed() };
    attributes.attr_set = u64::from(set.bits());
    attributes.propagation = libc::MS_PRIVATE;
    if let Some(namespace) = id_map {
        attributes.attr_set |= libc::MOUNT_ATTR_IDMAP;
        attributes.userns_fd = u64::try_from(namespace.as_raw_fd()).unwrap_or(u64::MAX);
    }
    // SAFETY: the path is an empty NUL-terminated text, the attributes outlive the call, and the
    // size is theirs.
    let result = unsafe {
        libc::syscall(
            libc::SYS_mount_setattr,
            mount.as_raw_fd(),
            c"".as_ptr(),
            libc::AT_EMPTY_PATH,
            std::ptr::from_ref(&attributes),
            size_of::<libc::mount_attr>(),
        )
    };
    if result < 0 {
        Err(io::Error::last_os_error())
    } else {
        Ok(())
    }
}
