//! The rights of a process in a sandbox.
#![expect(
    unsafe_code,
    reason = "per-thread credential calls have no safe wrapper"
)]

use std::io;

use rustix::thread::{
    CapabilitySet, CapabilitySets, capability_is_in_bounding_set, clear_ambient_capability_set,
    remove_capability_from_bounding_set, set_capabilities, set_no_new_privs,
};

use super::ResolvedUser;

/// What root keeps in a sandbox: what package managers, servers and init systems need. Nothing
/// here reaches past the sandbox's own user namespace (`capabilities(7)`).
const KEPT: CapabilitySet = CapabilitySet::CHOWN
    .union(CapabilitySet::DAC_OVERRIDE)
    .union(CapabilitySet::FOWNER)
    .union(CapabilitySet::FSETID)
    .union(CapabilitySet::KILL)
    .union(CapabilitySet::NET_BIND_SERVICE)
    .union(CapabilitySet::SETFCAP)
    .union(CapabilitySet::SETGID)
    .union(CapabilitySet::SETPCAP)
    .union(CapabilitySet::SETUID)
    .union(CapabilitySet::SYS_CHROOT);

/// Becomes root of the user namespace that the process is in, with all of its capabilities.
pub(crate) fn become_root_of_namespace() -> io::Result<()> {
    set_groups(&[])?;
    set_ids(0, 0)
}

/// Becomes `user` with no more rights than the sandbox's programs have, for good: bounding set,
/// no-new-privileges, empty inheritable and ambient sets.
///
/// The caller installs the system call filter after it, which no-new-privileges allows.
pub(crate) fn drop_privileges(user: &ResolvedUser) -> io::Result<()> {
    for bit in 0..=63 {
        let capability = CapabilitySet::from_bits_retain(1 << bit);
        if KEPT.contains(capability) {
            continue;
        }
        // The kernel answers EINVAL past its last capability.
        match capability_is_in_bounding_set(capability) {
            Ok(true) => remove_capability_from_bounding_set(capability)?,
            Ok(false) => {}
            Err(_) => break,
        }
    }
    clear_ambient_capability_set()?;
    set_groups(&user.groups)?;
    set_ids(user.uid, user.gid)?;
    let sets = if user.uid == 0 {
        KEPT
    } else {
        CapabilitySet::empty()
    };
    set_capabilities(
        None,
        CapabilitySets {
            effective: sets,
            permitted: sets,
            inheritable: CapabilitySet::empty(),
        },
    )?;
    set_no_new_privs(true)?;
    Ok(())
}

/// Whether the user namespace that the process is in forbids to set groups.
fn groups_are_denied() -> bool {
    // In a sandbox's own mounts there may be no /proc; then the ids were mapped without privilege.
    std::fs::read_to_string("/proc/self/setgroups").map_or(true, |text| text.trim() == "deny")
}

/// Sets all user and group ids.
fn set_ids(uid: u32, gid: u32) -> io::Result<()> {
    // SAFETY: these calls take plain numbers. The raw system calls change this thread only, and
    // the process has no other.
    let failed = unsafe {
        libc::syscall(libc::SYS_setresgid, gid, gid, gid) != 0
            || libc::syscall(libc::SYS_setresuid, uid, uid, uid) != 0
    };
    if failed {
        Err(io::Error::last_os_error())
    } else {
        Ok(())
    }
}

/// Sets the supplementary groups. A user namespace made without privilege forbids that
/// (`user_namespaces(7)`); it maps no group but one, so there is nothing to set in it.
fn set_groups(groups: &[u32]) -> io::Result<()> {
    // SAFETY: the pointer and the length are of the same slice.
    let result = unsafe { libc::syscall(libc::SYS_setgroups, groups.len(), groups.as_ptr()) };
    let error = io::Error::last_os_error();
    match result {
        0 => Ok(()),
        _ if error.raw_os_error() == Some(libc::EPERM) && groups_are_denied() => Ok(()),
        _ => Err(error),
    }
}
