//! Control groups, version 2: one hierarchy.

use std::fs::File;
use std::io;
use std::os::fd::{AsFd, BorrowedFd};

use ctnr_model::Limits;

use super::usage::{CpuUsage, MemoryUsage, PidUsage, Usage, members, number};
use super::{CPU_PERIOD, PARENT, ROOT, field, remove_directory, subdirectories, write};

/// The controllers that limits need.
const CONTROLLERS: &str = "+cpu +memory +pids";

/// The kind of file system that version 2 is (`statfs(2)`).
const CGROUP2_MAGIC: i64 = 0x6367_7270;

/// A group.
#[derive(Debug)]
pub(crate) struct Group {
    name: String,
    directory: File,
}

/// Whether the host has version 2 where programs look for it.
pub(super) fn is_mounted() -> bool {
    rustix::fs::statfs(ROOT).is_ok_and(|stat| stat.f_type == CGROUP2_MAGIC)
}

fn path(name: &str) -> String {
    format!("{ROOT}/{PARENT}/{name}")
}

impl Group {
    pub(super) fn create(name: &str, limits: &Limits) -> io::Result<Self> {
        let directory = path(name);
        if let Err(error) = std::fs::create_dir(&directory) {
            match error.kind() {
                io::ErrorKind::AlreadyExists => {}
                io::ErrorKind::NotFound => {
                    prepare_parent()?;
                    std::fs::create_dir(&directory)?;
                }
                _ => return Err(error),
            }
        }
        if let Some(memory) = limits.memory {
            write(
                &format!("{directory}/memory.max"),
                &memory.bytes().to_string(),
            )?;
            let swap = format!("{directory}/memory.swap.max");
            if std::path::Path::new(&swap).exists() {
                write(&swap, "0")?;
            }
        }
        if let Some(cpus) = limits.cpus {
            write(
                &format!("{directory}/cpu.max"),
                &format!("{} {CPU_PERIOD}", cpus.quota_micros()),
            )?;
        }
        if let Some(pids) = limits.pids {
            write(&format!("{directory}/pids.max"), &pids.count().to_string())?;
        }
        Ok(Self {
            name: name.to_owned(),
            directory: File::open(&directory)?,
        })
    }

    pub(super) fn directory(&self) -> BorrowedFd<'_> {
        self.directory.as_fd()
    }

    pub(super) fn oom_kills(&self) -> u64 {
        field(&format!("{}/memory.events", path(&self.name)), "oom_kill")
    }
}

/// Makes the parent, with the controllers handed down to it and through it.
fn prepare_parent() -> io::Result<()> {
    write(&format!("{ROOT}/cgroup.subtree_control"), CONTROLLERS)?;
    match std::fs::create_dir(format!("{ROOT}/{PARENT}")) {
        Err(error) if error.kind() != io::ErrorKind::AlreadyExists => return Err(error),
        _ => {}
    }
    write(
        &format!("{ROOT}/{PARENT}/cgroup.subtree_control"),
        CONTROLLERS,
    )
}

pub(super) fn remove(name: &str) -> io::Result<()> {
    remove_directory(&path(name))
}

pub(super) fn kill(name: &str) {
    // The group may be gone; before Linux 5.14 there is no such file.
    let _ = write(&format!("{}/cgroup.kill", path(name)), "1");
}

pub(super) fn usage(name: &str) -> Usage {
    let directory = path(name);
    let cpu = |key| field(&format!("{directory}/cpu.stat"), key);
    let file = |name: &str| number(&format!("{directory}/{name}"));
    Usage {
        cpu: std::fs::exists(format!("{directory}/cpu.stat"))
            .is_ok_and(|exists| exists)
            .then(|| CpuUsage {
                total: cpu("usage_usec") * 1_000,
                user: cpu("user_usec") * 1_000,
                system: cpu("system_usec") * 1_000,
            }),
        memory: file("memory.current").map(|usage| MemoryUsage {
            usage,
            inactive_file: field(&format!("{directory}/memory.stat"), "inactive_file"),
            // Since Linux 5.19.
            peak: file("memory.peak"),
            limit: file("memory.max"),
        }),
        pids: file("pids.current").map(|current| PidUsage {
            current,
            limit: file("pids.max"),
        }),
        throttled: (cpu("nr_throttled"), cpu("throttled_usec") * 1_000),
    }
}

pub(super) fn processes(name: &str) -> Option<Vec<u32>> {
    members(&format!("{}/cgroup.procs", path(name)))
}

pub(super) fn list() -> Vec<String> {
    subdirectories(&format!("{ROOT}/{PARENT}"))
}

pub(super) fn remove_parent() {
    let _ = std::fs::remove_dir(format!("{ROOT}/{PARENT}"));
}
