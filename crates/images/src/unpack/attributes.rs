//! Owners, modes, times and extended attributes of unpacked files.

use std::io;
use std::os::fd::OwnedFd;

use rustix::fs::{self, AtFlags, Gid, Mode, Timespec, Timestamps, Uid, XattrFlags};
use rustix::io::Errno;

use super::privilege::Privilege;
use crate::tarball::Entry;

/// Times for `utimensat(2)`.
pub(super) fn times((seconds, nanoseconds): (i64, u32)) -> Timestamps {
    let time = Timespec {
        tv_sec: seconds,
        tv_nsec: nanoseconds.into(),
    };
    Timestamps {
        last_access: time,
        last_modification: time,
    }
}

/// Gives an open file everything. The order matters: a change of owner clears set-user-id bits and
/// capabilities.
pub(super) fn set(fd: &OwnedFd, entry: &Entry, privilege: Privilege) -> io::Result<()> {
    set_owner_and_xattrs(fd, entry, privilege)?;
    fs::fchmod(fd, Mode::from_raw_mode(entry.mode))?;
    Ok(fs::futimens(fd, &times(entry.mtime))?)
}

/// Gives an open file or directory its owner and extended attributes.
pub(super) fn set_owner_and_xattrs(
    fd: &OwnedFd,
    entry: &Entry,
    privilege: Privilege,
) -> io::Result<()> {
    if privilege == Privilege::Root {
        fs::fchown(
            fd,
            Some(Uid::from_raw(entry.uid)),
            Some(Gid::from_raw(entry.gid)),
        )?;
    }
    for (name, value) in &entry.xattrs {
        if !is_allowed(name, privilege) {
            continue;
        }
        match fs::fsetxattr(fd, name.as_slice(), value, XattrFlags::empty()) {
            // Not on this file system, or not on this kind of file: the file is whole without it.
            Ok(()) | Err(Errno::OPNOTSUPP | Errno::PERM) => {}
            Err(error) => {
                let name = String::from_utf8_lossy(name);
                let message = format!("its attribute {name:?} can't be set: {error}");
                return Err(io::Error::new(io::ErrorKind::InvalidData, message));
            }
        }
    }
    Ok(())
}

/// Gives a link, device or pipe, which is not opened, its owner, mode and time.
pub(super) fn set_at(
    parent: &OwnedFd,
    name: &[u8],
    entry: &Entry,
    privilege: Privilege,
    has_mode: bool,
) -> io::Result<()> {
    if privilege == Privilege::Root {
        let (uid, gid) = (Uid::from_raw(entry.uid), Gid::from_raw(entry.gid));
        fs::chownat(
            parent,
            name,
            Some(uid),
            Some(gid),
            AtFlags::SYMLINK_NOFOLLOW,
        )?;
    }
    if has_mode {
        fs::chmodat(
            parent,
            name,
            Mode::from_raw_mode(entry.mode),
            AtFlags::empty(),
        )?;
    }
    Ok(fs::utimensat(
        parent,
        name,
        &times(entry.mtime),
        AtFlags::SYMLINK_NOFOLLOW,
    )?)
}

/// Whether an image may set an attribute. `trusted.*` and `user.overlay.*` steer overlayfs, and
/// other `security.*` attributes the host's security modules.
fn is_allowed(name: &[u8], privilege: Privilege) -> bool {
    let for_root = matches!(
        name,
        b"security.capability" | b"system.posix_acl_access" | b"system.posix_acl_default"
    );
    match privilege {
        Privilege::Root if for_root => true,
        _ => name.starts_with(b"user.") && !name.starts_with(b"user.overlay."),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn overlayfs_can_not_be_steered() {
        for name in [
            "trusted.overlay.redirect",
            "trusted.overlay.opaque",
            "user.overlay.metacopy",
            "security.selinux",
            "security.ima",
            "trusted.x",
        ] {
            assert!(!is_allowed(name.as_bytes(), Privilege::Root), "{name}");
            assert!(!is_allowed(name.as_bytes(), Privilege::Rootless), "{name}");
        }
        assert!(is_allowed(b"security.capability", Privilege::Root));
        assert!(!is_allowed(b"security.capability", Privilege::Rootless));
        assert!(is_allowed(b"user.note", Privilege::Rootless));
    }
}
