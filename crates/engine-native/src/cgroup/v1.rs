//! Control groups, version 1: a hierarchy a controller.

use std::fs::File;
use std::io::{self, Write};
use std::path::Path;

use ctnr_model::Limits;

use super::usage::{CpuUsage, MemoryUsage, PidUsage, Usage, members, number};
use super::{CPU_PERIOD, PARENT, ROOT, field, remove_directory, subdirectories, write};

/// The controllers that limits need, by the name of their mount.
const CONTROLLERS: [&str; 3] = ["memory", "cpu", "pids"];

/// A group in each hierarchy.
#[derive(Debug)]
pub(crate) struct Group {
    name: String,
    /// The files that threads are moved by. For a thread that moves itself the kernel need not hold
    /// up forks and exits of all processes, which takes it milliseconds (`cgroup.procs` does that).
    tasks: Vec<File>,
}

fn path(controller: &str, name: &str) -> String {
    format!("{ROOT}/{controller}/{PARENT}/{name}")
}

impl Group {
    pub(super) fn create(name: &str, limits: &Limits) -> io::Result<Self> {
        let mut tasks = Vec::new();
        for controller in CONTROLLERS {
            let limited = match controller {
                "memory" => limits.memory.is_some(),
                "cpu" => limits.cpus.is_some(),
                _ => limits.pids.is_some(),
            };
            // Making, joining and removing a group takes time, so only those are made that limit
            // something.
            if !limited {
                continue;
            }
            let directory = path(controller, name);
            make_directory(&directory).map_err(|error| {
                io::Error::new(
                    error.kind(),
                    format!("making the control group {directory}: {error}"),
                )
            })?;
            match (controller, limits) {
                (
                    "memory",
                    Limits {
                        memory: Some(memory),
                        ..
                    },
                ) => {
                    write(
                        &format!("{directory}/memory.limit_in_bytes"),
                        &memory.bytes().to_string(),
                    )?;
                    // Swap is counted only where the kernel is told to; then none is given.
                    let swap = format!("{directory}/memory.memsw.limit_in_bytes");
                    if Path::new(&swap).exists() {
                        write(&swap, &memory.bytes().to_string())?;
                    }
                }
                (
                    "cpu",
                    Limits {
                        cpus: Some(cpus), ..
                    },
                ) => {
                    write(
                        &format!("{directory}/cpu.cfs_period_us"),
                        &CPU_PERIOD.to_string(),
                    )?;
                    write(
                        &format!("{directory}/cpu.cfs_quota_us"),
                        &cpus.quota_micros().to_string(),
                    )?;
                }
                (
                    "pids",
                    Limits {
                        pids: Some(pids), ..
                    },
                ) => {
                    write(&format!("{directory}/pids.max"), &pids.count().to_string())?;
                }
                _ => {}
            }
            tasks.push(
                File::options()
                    .write(true)
                    .open(format!("{directory}/tasks"))?,
            );
        }
        Ok(Self {
            name: name.to_owned(),
            tasks,
        })
    }

    /// Moves the calling process, which has one thread, into the group.
    pub(super) fn join(&self) -> io::Result<()> {
        self.tasks
            .iter()
            .try_for_each(|mut tasks| tasks.write_all(b"0"))
    }

    pub(super) fn oom_kills(&self) -> u64 {
        field(
            &format!("{}/memory.oom_control", path("memory", &self.name)),
            "oom_kill",
        )
    }
}

/// Makes a directory with the ones above it, which another process may remove meanwhile: an engine
/// that has no group left takes the parent of all away.
fn make_directory(directory: &str) -> io::Result<()> {
    const TRIES: usize = 10;
    let mut made = std::fs::create_dir_all(directory);
    for _ in 1..TRIES {
        match made {
            Err(error) if error.kind() == io::ErrorKind::NotFound => {
                made = std::fs::create_dir_all(directory);
            }
            made => return made,
        }
    }
    made
}

/// Moves the calling process, which has one thread, to the groups that all others are below.
pub(super) fn leave() {
    for controller in CONTROLLERS {
        // Where it can't leave, its group stays until an engine that knows of it looks.
        let _ = write(&format!("{ROOT}/{controller}/tasks"), "0");
    }
}

pub(super) fn remove(name: &str) -> io::Result<()> {
    CONTROLLERS
        .into_iter()
        .try_for_each(|controller| remove_directory(&path(controller, name)))
}

pub(super) fn kill(name: &str) {
    for controller in CONTROLLERS {
        let members = std::fs::read_to_string(format!("{}/cgroup.procs", path(controller, name)));
        for pid in members
            .unwrap_or_default()
            .lines()
            .filter_map(|line| line.parse().ok())
        {
            if let Some(pid) = rustix::process::Pid::from_raw(pid) {
                let _ = rustix::process::kill_process(pid, rustix::process::Signal::KILL);
            }
        }
    }
}

/// The clock tick that `cpuacct.stat` counts in, in nanoseconds.
const TICK: u64 = 10_000_000;

/// Where no limit is set, the kernel gives the largest number of whole pages.
const NO_LIMIT: u64 = 1 << 62;

pub(super) fn usage(name: &str) -> Usage {
    let (memory, cpu, pids) = (path("memory", name), path("cpu", name), path("pids", name));
    let memory = number(&format!("{memory}/memory.usage_in_bytes")).map(|usage| MemoryUsage {
        usage,
        inactive_file: field(&format!("{memory}/memory.stat"), "total_inactive_file"),
        peak: number(&format!("{memory}/memory.max_usage_in_bytes")),
        limit: number(&format!("{memory}/memory.limit_in_bytes")).filter(|limit| *limit < NO_LIMIT),
    });
    // Counted where the host has the controllers cpu and cpuacct in one hierarchy.
    let counted = number(&format!("{cpu}/cpuacct.usage")).map(|total| CpuUsage {
        total,
        user: field(&format!("{cpu}/cpuacct.stat"), "user") * TICK,
        system: field(&format!("{cpu}/cpuacct.stat"), "system") * TICK,
    });
    let throttled = |key| field(&format!("{cpu}/cpu.stat"), key);
    Usage {
        cpu: counted,
        memory,
        pids: number(&format!("{pids}/pids.current")).map(|current| PidUsage {
            current,
            limit: number(&format!("{pids}/pids.max")),
        }),
        throttled: (throttled("nr_throttled"), throttled("throttled_time")),
    }
}

/// The processes, the supervisor among them.
pub(super) fn processes(name: &str) -> Option<Vec<u32>> {
    CONTROLLERS
        .into_iter()
        .find_map(|controller| members(&format!("{}/cgroup.procs", path(controller, name))))
}

pub(super) fn list() -> Vec<String> {
    let parents = CONTROLLERS.map(|controller| format!("{ROOT}/{controller}/{PARENT}"));
    let mut names: Vec<String> = parents
        .iter()
        .flat_map(|parent| subdirectories(parent))
        .collect();
    names.sort_unstable();
    names.dedup();
    names
}

pub(super) fn remove_parent() {
    for controller in CONTROLLERS {
        let _ = std::fs::remove_dir(format!("{ROOT}/{controller}/{PARENT}"));
    }
}
