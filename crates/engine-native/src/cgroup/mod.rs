//! Control groups: limits, and what a sandbox used.
//!
//! Both versions are supported, and hosts with both at once, where the controllers that matter
//! are on version 1.

mod usage;
mod v1;
mod v2;

use std::io;
use std::os::fd::BorrowedFd;
use std::time::Duration;

use ctnr_model::{Limits, SandboxId};

pub(crate) use usage::Usage;

/// The directory in each hierarchy that all groups of ctnr are in.
pub(crate) const PARENT: &str = "ctnr";

/// Where the host mounts its control groups (`file-hierarchy(7)`).
const ROOT: &str = "/sys/fs/cgroup";

/// The period of processor limits, in microseconds.
const CPU_PERIOD: u64 = 100_000;

/// The control group of a sandbox.
#[derive(Debug)]
pub(crate) enum Cgroup {
    /// One group a controller.
    V1(v1::Group),
    /// One group.
    V2(v2::Group),
}

impl Cgroup {
    /// Makes the group `name` below [`PARENT`] and sets its limits.
    ///
    /// # Errors
    /// Where the host gives no group, or not to this user.
    pub(crate) fn create(name: &str, limits: &Limits) -> io::Result<Self> {
        if v2::is_mounted() {
            v2::Group::create(name, limits).map(Self::V2)
        } else {
            v1::Group::create(name, limits).map(Self::V1)
        }
    }

    /// The directory that a child can be forked into, on version 2.
    pub(crate) fn fork_target(&self) -> Option<BorrowedFd<'_>> {
        match self {
            Self::V1(_) => None,
            Self::V2(group) => Some(group.directory()),
        }
    }

    /// On version 1, moves the calling process into the group: a supervisor, which has one thread,
    /// so that its children are in it from the start. There is no forking into a group as on
    /// version 2, and to move another process takes milliseconds (the kernel waits for all
    /// processors to pass a quiet point).
    pub(crate) fn join(&self) -> io::Result<()> {
        match self {
            Self::V1(group) => group.join(),
            Self::V2(_) => Ok(()),
        }
    }

    /// Whether the group shows up inside the sandbox.
    pub(crate) fn is_visible_inside(&self) -> bool {
        matches!(self, Self::V2(_))
    }

    /// How many processes the memory limit has ended.
    pub(crate) fn oom_kills(&self) -> u64 {
        match self {
            Self::V1(group) => group.oom_kills(),
            Self::V2(group) => group.oom_kills(),
        }
    }
}

/// Whether this process can make groups with limits: finds out by making one.
pub(crate) fn is_usable() -> bool {
    let name = format!("probe-{}", std::process::id());
    let made = Cgroup::create(&name, &Limits::default());
    if let Err(error) = &made {
        tracing::warn!(%error, "sandboxes can't be limited on this host");
    }
    let usable = made.is_ok();
    drop(made);
    let removed = remove(&name);
    remove_parent();
    usable && removed.is_ok()
}

/// Removes the group `name`. One that is gone is no error; one that has processes is.
pub(crate) fn remove(name: &str) -> io::Result<()> {
    if v2::is_mounted() {
        v2::remove(name)
    } else {
        v1::remove(name)
    }
}

/// Kills every process in the group `name`.
pub(crate) fn kill(name: &str) {
    if v2::is_mounted() {
        v2::kill(name)
    } else {
        v1::kill(name)
    }
}

/// Leaves the group `name`, ends what is left in it, and removes it: for a supervisor at its end, where
/// no engine may know of the group.
pub(crate) fn abandon(name: &str) {
    if !v2::is_mounted() {
        v1::leave();
    }
    kill(name);
    // Processes leave their group a moment after their end.
    for _ in 0..20 {
        if remove(name).is_ok() {
            break;
        }
        std::thread::sleep(Duration::from_millis(50));
    }
    remove_parent();
}

/// What the group `name` has used.
pub(crate) fn usage(name: &str) -> Usage {
    if v2::is_mounted() {
        v2::usage(name)
    } else {
        v1::usage(name)
    }
}

/// The processes in the group `name`; `None` where the host has no such group.
pub(crate) fn processes(name: &str) -> Option<Vec<u32>> {
    if v2::is_mounted() {
        v2::processes(name)
    } else {
        v1::processes(name)
    }
}

/// The names of the groups that were made for one sandbox: each start makes one.
pub(crate) fn list(sandbox: &SandboxId) -> Vec<String> {
    let mut names = list_all();
    names.retain(|name| name.starts_with(sandbox.as_str()));
    names
}

/// The names of the groups of all sandboxes, those of other engines among them.
pub(crate) fn list_all() -> Vec<String> {
    if v2::is_mounted() {
        v2::list()
    } else {
        v1::list()
    }
}

/// Removes [`PARENT`] itself where nothing is left in it.
pub(crate) fn remove_parent() {
    if v2::is_mounted() {
        v2::remove_parent();
    } else {
        v1::remove_parent();
    }
}

/// The directories in `directory`, by name.
fn subdirectories(directory: &str) -> Vec<String> {
    let Ok(entries) = std::fs::read_dir(directory) else {
        return Vec::new();
    };
    entries
        .filter_map(Result::ok)
        .filter(|entry| entry.file_type().is_ok_and(|kind| kind.is_dir()))
        .filter_map(|entry| entry.file_name().into_string().ok())
        .collect()
}

/// Removes a group's directory; one that is gone is no error.
fn remove_directory(path: &str) -> io::Result<()> {
    match std::fs::remove_dir(path) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => Err(io::Error::new(
            error.kind(),
            format!("removing the control group {path}: {error}"),
        )),
        _ => Ok(()),
    }
}

/// Writes a setting of a group.
fn write(path: &str, value: &str) -> io::Result<()> {
    std::fs::write(path, value).map_err(|error| {
        io::Error::new(
            error.kind(),
            format!("writing {value:?} to {path}: {error}"),
        )
    })
}

/// The number behind `key` in a file of `key number` lines.
fn field(path: &str, key: &str) -> u64 {
    let text = std::fs::read_to_string(path).unwrap_or_default();
    text.lines()
        .filter_map(|line| line.split_once(' '))
        .find(|(name, _)| *name == key)
        .and_then(|(_, value)| value.trim().parse().ok())
        .unwrap_or(0)
}
